// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

const rounds = 3
const each = 50000 // bytes of each size, and two objects at least

type element struct {
	number  int64
	pointer *element
	text    [24]byte
}

var asked int

func dirtyBytes(size int) {
	p := make([]byte, size)
	for i := range p {
		need(p[i] == 0, "bytes are not zero")
		p[i] = 0xff
	}
}

func dirtyPointers(size int) {
	p := make([]unsafe.Pointer, size/8)
	for i := range p {
		need(p[i] == nil, "pointers are not nil")
		p[i] = unsafe.Pointer(&p[0])
	}
}

func dirtyElements(size int) {
	e := make([]element, size/int(unsafe.Sizeof(element{})))
	for i := range e {
		need(e[i] == element{}, "elements are not zero")
		e[i].number = -1
		e[i].pointer = &e[0]
		for k := range e[i].text {
			e[i].text[k] = 0xff
		}
	}
}

func allOf(dirty func(int), size int) {
	for bytes := 0; bytes < each || bytes < 2*size; bytes += size {
		dirty(size)
		asked += size
	}
}

// All small sizes, those around every eighth of a power of two, and large ones.
func roundOf(dirty func(int)) {
	for size := 1; size < 128; size++ {
		allOf(dirty, size)
	}
	for size := 128; size < 80000; size += size / 8 {
		for k := -1; k <= 1; k++ {
			allOf(dirty, size+k)
		}
	}
	allOf(dirty, 1<<20)
}

func allRounds(dirty func(int), name string) {
	for i := 0; i < rounds; i++ {
		elsewhere(func() { roundOf(dirty) })
		collect()
	}
	fmt.Println(name + ": zero")
}

func main() {
	allRounds(dirtyBytes, "bytes")
	allRounds(dirtyPointers, "pointers")
	allRounds(dirtyElements, "elements")
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	if int(s.HeapSys) < asked/2 {
		fmt.Println("the memory was used again")
	} else {
		fmt.Println(s.HeapSys>>20, "MB for", asked>>20)
	}
}
