// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"unsafe"
)

const many = 100

var first, second, third pinner
var addresses [many]uintptr // keep nothing
var gone int64

func at(i int) *object {
	return *(**object)(unsafe.Pointer(&addresses[i]))
}

// Each has another that is not pinned.
func build() {
	for i := range addresses {
		o := objectNew(int64(i))
		o.next = objectNew(int64(many + i))
		runtime.SetFinalizer(o, func(*object) { atomic.AddInt64(&gone, 1) })
		addresses[i] = uintptr(unsafe.Pointer(o))
		first.Pin(o)
	}
}

// 0 to 9 twice by one, 5 to 14 by another, 0 to 4 again by the one that had them all.
func share() {
	for i := 0; i < 10; i++ {
		second.Pin(at(i))
		second.Pin(at(i))
	}
	for i := 5; i < 15; i++ {
		third.Pin(at(i))
	}
	first.Unpin()
	for i := 0; i < 5; i++ {
		first.Pin(at(i))
	}
}

// The first so many stay, where they are; the others go.
func stay(count int) {
	need(collectUntil(&gone, int64(many-count)), "what is unpinned stays")
	settle(2)
	churn(5000)
	need(atomic.LoadInt64(&gone) == int64(many-count), "a pinned object is gone")
	elsewhere(func() {
		for i := 0; i < count; i++ {
			need(isWhole(at(i), int64(i)), "a pinned object is not whole where it was")
			need(isWhole(at(i).next, int64(many+i)), "what a pinned object has is not whole")
		}
	})
}

func pins() {
	elsewhere(build)
	stay(many)
	fmt.Println("pinned: whole")
	elsewhere(share)
	stay(15)
	elsewhere(third.Unpin)
	stay(10)
	fmt.Println("by two, one takes it back: whole")
	elsewhere(second.Unpin)
	stay(5)
	fmt.Println("twice by one, which takes it back: gone; again by the first: whole")
	elsewhere(first.Unpin)
	stay(0)
	fmt.Println("by nobody: gone")
}

// A pinner that nobody has while it has something.
func leaks() {
	elsewhere(func() { new(pinner).Pin(objectNew(1)) })
	collectUntil(&gone, 1) // never
}

func refused(p any, how string) {
	defer func() {
		what := recover()
		_, ok := what.(runtime.Error)
		need(ok, how+" is pinned")
		fmt.Println(what)
	}()
	first.Pin(p)
}

func main() {
	if len(os.Args) < 2 {
		pins()
		return
	}
	switch os.Args[1] {
	case "leak":
		leaks()
	case "refused":
		refused(nil, "nothing")
		refused(7, "a number")
		refused("text", "a text")
	}
}
