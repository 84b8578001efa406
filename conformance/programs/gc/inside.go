// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

const sizeCount = 16
const each = 10
const total = sizeCount * each
const elements = 60 // of the longest array

var sizes = [sizeCount]int{24, 33, 64, 100, 512, 513, 1024, 2000,
	4096, 8192, 9000, 20000, 32768, 32769, 70000, 1 << 20}

var inGlobal [total]*byte
var inObject []*byte
var middles [elements + 1][]*object
var gone int64

func sizeOf(i int) int {
	return sizes[i/each]
}

// The first byte, the last one, and some between.
func offsetOf(i int) int {
	return (sizeOf(i) - 1) * (i % each) / (each - 1)
}

// An object, known by the address of one of its bytes.
//
//go:noinline
func insideNew(i int) *byte {
	p := make([]byte, sizeOf(i))
	for k := range p {
		p[k] = byte(i + 1)
	}
	runtime.SetFinalizer(&p[0], func(*byte) { atomic.AddInt64(&gone, 1) })
	return &p[offsetOf(i)]
}

func look(inside *byte, i int) {
	p := (*byte)(unsafe.Add(unsafe.Pointer(inside), -offsetOf(i)))
	for _, b := range unsafe.Slice(p, sizeOf(i)) {
		need(b == byte(i+1), "a byte of an object that is kept")
	}
}

var junkKept []byte

func junk() {
	for i := 0; i < 3*total; i++ {
		junkKept = make([]byte, sizeOf(i%total))
	}
	junkKept = nil
}

func build() {
	inObject = make([]*byte, total)
	for i := range inObject {
		if i%2 == 0 {
			inGlobal[i] = insideNew(i)
		} else {
			inObject[i] = insideNew(i)
		}
	}
}

func lookAll() {
	for i := range inObject {
		if i%2 == 0 {
			look(inGlobal[i], i)
		} else {
			look(inObject[i], i)
		}
	}
}

// The same with nothing but a stack that knows it.
func onStack() {
	var mine [total]*byte
	for i := range mine {
		mine[i] = insideNew(i)
	}
	collect()
	elsewhere(junk)
	for i, p := range mine {
		look(p, i)
	}
}

// Of each array only a part from a middle element on is kept, and of its elements nothing but
// the array.
func arrays() {
	for n := 2; n <= elements; n++ {
		a := make([]*object, n)
		for i := range a {
			a[i] = objectNew(int64(n*100 + i))
			runtime.SetFinalizer(a[i], func(*object) { atomic.AddInt64(&gone, 1) })
		}
		middles[n] = a[n/2:]
	}
}

func lookArrays() {
	for n := 2; n <= elements; n++ {
		middle := unsafe.Pointer(&middles[n][0])
		a := unsafe.Slice((**object)(unsafe.Add(middle, -n/2*int(unsafe.Sizeof(middle)))), n)
		for i, o := range a {
			need(isWhole(o, int64(n*100+i)), "an element of an array")
		}
	}
}

func main() {
	elsewhere(arrays)
	elsewhere(build)
	elsewhere(onStack)
	need(atomic.LoadInt64(&gone) == 0, "an object is gone of which a byte was known")
	settle(1)
	elsewhere(junk)
	elsewhere(lookAll)
	fmt.Printf("%d objects of %d sizes: whole\n", total, sizeCount)
	elsewhere(lookArrays)
	fmt.Printf("arrays of 2 to %d pointers: whole\n", elements)
	middles = [elements + 1][]*object{}
	inGlobal = [total]*byte{}
	inObject = nil
	need(collectUntil(&gone, 2*total+elements*(elements+1)/2-1), "what was dropped stays")
	fmt.Println("gone when they are dropped")
}
