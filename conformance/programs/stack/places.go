// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const levels = 10000
const room = 200 // bytes of each level, at least

var right, ended int64

// Each level keeps something that it needs after the levels below it have returned.
//
//go:noinline
func deep(n int) uint64 {
	var kept [room]byte
	kept[n%room] = byte(n)
	kept[(n+1)%room] = byte(n >> 8)
	var below uint64
	if n > 0 {
		below = deep(n - 1)
	}
	return below + uint64(kept[n%room]) + 256*uint64(kept[(n+1)%room])
}

func grows() {
	if deep(levels) == levels*(levels+1)/2 {
		atomic.AddInt64(&right, 1)
	}
	atomic.AddInt64(&ended, 1)
}

func finalizes(o *object) {
	need(isWhole(o, 1), "a finalizer's object")
	grows()
}

func finalizer() {
	runtime.SetFinalizer(objectNew(1), finalizes)
}

func cleanupOf() {
	cleanupAdd(objectNew(1), func(*object) { grows() }, nil)
}

func timer() {
	time.AfterFunc(time.Microsecond, grows)
}

func panics() {
	defer func() {
		grows()
		need(recover() == 7, "the panic is another")
	}()
	panic(7)
}

func exits() {
	defer grows()
	runtime.Goexit()
}

func in(what string, fn func()) {
	n := atomic.LoadInt64(&ended) + 1
	go fn()
	for !collectUntil(&ended, n) {
	}
	need(atomic.LoadInt64(&right) == n, what)
	fmt.Printf("%s: right\n", what)
}

func main() {
	in("a finalizer", finalizer)
	in("a cleanup", cleanupOf)
	in("a timer", timer)
	in("a deferred call in a panic", panics)
	in("a deferred call at the end of a goroutine", exits)
}
