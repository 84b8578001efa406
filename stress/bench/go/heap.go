// SPDX-License-Identifier: BSD-3-Clause

package main

import "sync"

type block16 [2]*byte
type block64 [8]*byte
type block256 [32]*byte
type block4096 [512]*byte

var sink16 *block16
var sink64 *block64
var sink256 *block256
var sink4096 *block4096

func alloc16(n int) {
	for i := 0; i < n; i++ {
		sink16 = new(block16)
	}
}

func alloc64(n int) {
	for i := 0; i < n; i++ {
		sink64 = new(block64)
	}
}

func alloc256(n int) {
	for i := 0; i < n; i++ {
		sink256 = new(block256)
	}
}

func alloc4096(n int) {
	for i := 0; i < n; i++ {
		sink4096 = new(block4096)
	}
}

const heapSides = 2

// sides has one sink for each side, on lines of their own.
var sides [heapSides]struct {
	sink *block64
	pad  [120]byte
}

func allocSide(sink **block64, n int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		*sink = new(block64)
	}
	wg.Done()
}

// alloc64Both takes nanoseconds of one object, whoever made it.
func alloc64Both(n int) {
	var wg sync.WaitGroup
	wg.Add(heapSides)
	for i := range sides {
		go allocSide(&sides[i].sink, n/heapSides, &wg)
	}
	wg.Wait()
}

var heapBenches = []bench{
	{"alloc-16", alloc16, nil},
	{"alloc-64", alloc64, nil},
	{"alloc-256", alloc256, nil},
	{"alloc-4096", alloc4096, nil},
	{"alloc-64-both", alloc64Both, nil},
}
