// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"unsafe"
)

const live = 20000
const steps = 300000
const rounds = 50
const few = 1000

var all [live]unsafe.Pointer
var sizes, stamps [live]byte

func tiny(t int) (p unsafe.Pointer, size, alignment byte) {
	switch t {
	case 0:
		return unsafe.Pointer(new([1]byte)), 1, 1
	case 1:
		return unsafe.Pointer(new(int16)), 2, 2
	case 2:
		return unsafe.Pointer(new([3]byte)), 3, 1
	case 3:
		return unsafe.Pointer(new(int32)), 4, 4
	case 4:
		return unsafe.Pointer(new([5]byte)), 5, 1
	case 5:
		return unsafe.Pointer(new([3]int16)), 6, 2
	case 6:
		return unsafe.Pointer(new([7]byte)), 7, 1
	case 7:
		return unsafe.Pointer(new(int64)), 8, 8
	case 8:
		return unsafe.Pointer(new([9]byte)), 9, 1
	case 9:
		return unsafe.Pointer(new([5]int16)), 10, 2
	case 10:
		return unsafe.Pointer(new([3]int32)), 12, 4
	case 11:
		return unsafe.Pointer(new([13]byte)), 13, 1
	case 12:
		return unsafe.Pointer(new([15]byte)), 15, 1
	}
	return unsafe.Pointer(new([2]int64)), 16, 8
}

func bytesOf(i int) []byte {
	return unsafe.Slice((*byte)(all[i]), sizes[i])
}

func build(i int, random *uint64) {
	p, size, alignment := tiny(pick(random, 14))
	need(uintptr(p)%uintptr(alignment) == 0, "it is not aligned")
	all[i], sizes[i] = p, size
	stamps[i] = byte(pick(random, 256))
	for k, b := range bytesOf(i) {
		need(b == 0, "it is not zero")
		bytesOf(i)[k] = stamps[i]
	}
}

func look(i int) {
	for _, b := range bytesOf(i) {
		need(b == stamps[i], "another owner's stamp")
	}
}

//go:noinline
func drop() {
	*escaped() = 1
}

//go:noinline
func escaped() *byte {
	return new(byte)
}

// One that is smaller than what it was cut from dies in each collection: nobody may be given
// the rest afterwards.
func rests(random *uint64) {
	for n := 0; n < rounds; n++ {
		elsewhere(drop)
		collect()
		for i := 0; i < few; i++ {
			build(i, random)
		}
		for i := 0; i < few; i++ {
			look(i)
		}
	}
}

func main() {
	random := uint64(1)
	rests(&random)
	for i := range all {
		build(i, &random)
	}
	for n := 0; n < steps; n++ {
		i := pick(&random, live)
		look(i)
		build(i, &random)
	}
	collect()
	for i := range all {
		look(i)
	}
	fmt.Println("all are whole and aligned")
}
