// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

const objects = 1000
const enough = 990

type mixed struct {
	number  uintptr
	pointer *object
	numbers [3]uintptr
}

var numbers []uintptr
var mixes []mixed
var gone int64

func build() {
	numbers = make([]uintptr, objects)
	mixes = make([]mixed, objects)
	for i := range numbers {
		o := objectNew(int64(i))
		runtime.SetFinalizer(o, func(*object) { atomic.AddInt64(&gone, 1) })
		numbers[i] = uintptr(unsafe.Pointer(o))
		mixes[i].number = numbers[i]
		mixes[i].numbers[i%3] = numbers[i]
	}
}

func main() {
	elsewhere(build)
	need(collectUntil(&gone, enough), "numbers keep objects")
	need(numbers[0] == mixes[0].number, "numbers")
	fmt.Println("nearly all are gone")
}
