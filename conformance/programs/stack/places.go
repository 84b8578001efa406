// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const levels = 10000

var right, ended int64

func grows() {
	if isSumRight(levels) {
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
