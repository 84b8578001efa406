// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"reflect"
)

const rounds = 2000
const page = 8192 // of an allocator

type odd [3]byte
type mixed struct {
	first   byte
	number  int64
	pointer *int
	last    byte
}
type atomic64 struct {
	flag byte
	word [2]uint64
}

var types = []reflect.Type{
	reflect.TypeOf(byte(0)),
	reflect.TypeOf(int16(0)),
	reflect.TypeOf(int32(0)),
	reflect.TypeOf(int64(0)),
	reflect.TypeOf(float64(0)),
	reflect.TypeOf(odd{}),
	reflect.TypeOf(mixed{}),
	reflect.TypeOf(atomic64{}),
}

func check(p uintptr, t reflect.Type) {
	need(p%uintptr(t.Align()) == 0, t.String())
}

func main() {
	random := uint64(1)
	for i := 0; i < rounds; i++ {
		for _, t := range types {
			check(reflect.New(t).Pointer(), t)
		}
		t := types[pick(&random, len(types))]
		check(reflect.New(t).Pointer(), t)
		t = types[pick(&random, len(types))]
		n := 1 + pick(&random, 100)
		check(reflect.MakeSlice(reflect.SliceOf(t), n, n).Pointer(), t)
	}
	for pages := 1; pages <= 8; pages++ {
		for i := 0; i < 20; i++ {
			p := reflect.ValueOf(make([]byte, pages*page)).Pointer()
			need(p%4096 == 0, "whole pages")
		}
	}
	fmt.Println("all are aligned")
}
