// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var over sync.WaitGroup
var ended, left int64

// A collection with this object in the hands of nobody but this frame.
//
//go:noinline
func here(where string) bool {
	o := objectNew(5)
	o.next = objectNew(6)
	collect()
	churn(2000)
	need(isWhole(o, 5) && isWhole(o.next, 6), where)
	fmt.Println(where + ": whole")
	return true
}

var _ = here("start") // before main

func defers() {
	defer func(o *object) {
		here("deferred")
		need(isWhole(o, 1), "an argument")
	}(objectNew(1))
	churn(1)
}

func panics() {
	defer func(o *object) {
		v := recover().(*object)
		need(isWhole(v, 3), "a panic's value")
		here("recovered")
		need(isWhole(v, 3) && isWhole(o, 2), "a panic's value")
	}(objectNew(2))
	defer func(o *object) {
		here("panicking")
		need(isWhole(o, 1), "an argument")
	}(objectNew(1))
	panic(objectNew(3))
}

func leaves() {
	defer func(o *object) {
		here("goexit")
		need(isWhole(o, 4), "an argument")
		over.Done()
	}(objectNew(4))
	runtime.Goexit()
}

func oneEnds() {
	arg := objectNew(9)
	runtime.SetFinalizer(objectNew(8), func(o *object) {
		here("finalizer")
		need(isWhole(o, 8) && isWhole(arg, 9), "a finalizer's arguments")
		atomic.AddInt64(&ended, 1)
	})
}

func oneLeaves() {
	runtime.SetFinalizer(objectNew(10), func(*object) {
		defer func() {
			here("goexit in a finalizer")
			atomic.AddInt64(&left, 1)
		}()
		runtime.Goexit()
	})
}

func main() {
	defers()
	panics()
	over.Add(1)
	go leaves()
	over.Wait()
	over.Add(1)
	o := objectNew(7)
	time.AfterFunc(1000, func() {
		here("timer")
		need(isWhole(o, 7), "an argument")
		over.Done()
	})
	over.Wait()
	elsewhere(oneEnds)
	need(collectUntil(&ended, 1), "a finalizer has not run")
	elsewhere(oneLeaves)
	need(collectUntil(&left, 1), "a finalizer has not left")
	here("at the end")
}
