// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

const rounds = 10
const hogs = 2

var isOver, started int32
var askers, others sync.WaitGroup

func asks(fn func(i int)) {
	for i := 0; i < rounds; i++ {
		fn(i)
	}
	askers.Done()
}

func collects(int) {
	runtime.GC()
}

func changesProcs(i int) {
	runtime.GOMAXPROCS(1 + i%4)
}

func asksFigures(int) {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
}

func dumps(int) {
	runtime.Stack(make([]byte, 1<<14), true)
}

func allocates() {
	for atomic.LoadInt32(&isOver) == 0 {
		for i := 0; i < 100; i++ {
			objectNew(int64(i))
		}
	}
	others.Done()
}

func waits() {
	for atomic.LoadInt32(&isOver) == 0 {
		runtime.Gosched()
	}
	others.Done()
}

func together() {
	kinds := []func(int){collects, changesProcs, asksFigures, dumps}
	askers.Add(8)
	others.Add(2)
	go allocates()
	go waits()
	for i := 0; i < 8; i++ {
		go asks(kinds[i%4])
	}
	askers.Wait()
	atomic.StoreInt32(&isOver, 1)
	others.Wait()
	fmt.Println("collections, changes, figures and dumps: all over")
}

// No call once it has begun.
func loops() {
	atomic.AddInt32(&started, 1)
	for atomic.LoadInt32(&isOver) == 0 {
	}
	others.Done()
}

func besideLoops() {
	others.Add(hogs)
	for i := 0; i < hogs; i++ {
		go loops()
	}
	for atomic.LoadInt32(&started) < hogs {
		runtime.Gosched()
	}
	runtime.GC()
	fmt.Println("a collection beside loops without calls: over")
	atomic.StoreInt32(&isOver, 1)
	others.Wait()
}

func main() {
	if len(os.Args) > 1 {
		besideLoops()
	} else {
		together()
	}
}
