// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const many = 1000
const againTimes = 5

var global = object{stamp: 3}
var ofGlobal, ofTiny, ofLarger, takenBack, again, early int64

func counts(n *int64) func(*object) {
	return func(*object) { atomic.AddInt64(n, 1) }
}

func countsBytes(n *int64) func(*byte) {
	return func(*byte) { atomic.AddInt64(n, 1) }
}

func setsAgain(o *object) {
	need(isWhole(o, 4), "an object that ends again")
	if atomic.AddInt64(&again, 1) < againTimes {
		runtime.SetFinalizer(o, setsAgain)
	}
}

func build() {
	runtime.SetFinalizer(&global, counts(&ofGlobal))
	runtime.SetFinalizer(new([0]object), func(*[0]object) { atomic.AddInt64(&ofGlobal, 1) })
	for i := 0; i < many; i++ {
		runtime.SetFinalizer(&make([]byte, 1+i%15)[0], countsBytes(&ofTiny))
		runtime.SetFinalizer(&make([]byte, 17+i%15)[0], countsBytes(&ofLarger))
		o := objectNew(int64(i))
		runtime.SetFinalizer(o, counts(&takenBack))
		runtime.SetFinalizer(o, nil)
	}
	runtime.SetFinalizer(objectNew(4), setsAgain)
}

func keptAlive() {
	for i := 0; i < 10; i++ {
		o := objectNew(int64(i))
		runtime.SetFinalizer(o, counts(&early))
		settle(1)
		need(atomic.LoadInt64(&early) == 0, "it ended before")
		runtime.KeepAlive(o)
		runtime.SetFinalizer(o, nil)
	}
}

func main() {
	elsewhere(build)
	need(collectUntil(&ofLarger, many), "finalizers of larger objects are missing")
	need(collectUntil(&again, againTimes), "a finalizer that was set again is missing")
	settle(2)
	need(atomic.LoadInt64(&ofGlobal) <= 1 && global.stamp == 3, "a global was finalized")
	fmt.Println("globals and nothing: no harm")
	need(atomic.LoadInt64(&ofTiny) <= many, "a finalizer ran twice")
	fmt.Println("tiny: at most once each")
	need(atomic.LoadInt64(&ofLarger) == many, "a finalizer ran twice")
	fmt.Println("larger: all")
	need(atomic.LoadInt64(&takenBack) == 0, "a finalizer ran that was taken back")
	fmt.Println("taken back: none")
	need(atomic.LoadInt64(&again) == againTimes, "a finalizer ran again by itself")
	fmt.Println("set again: five times")
	elsewhere(keptAlive)
	fmt.Println("kept alive: not before")
}
