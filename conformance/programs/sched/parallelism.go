// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	workers = 8
	rounds  = 50
	spin    = 20000
)

var (
	inside, most int32
	passages     int64
	all          sync.WaitGroup
	sink         int32
)

// Nothing is called between in and out.
func pass() {
	n := atomic.AddInt32(&inside, 1)
	for old := atomic.LoadInt32(&most); n > old && !atomic.CompareAndSwapInt32(&most, old, n); {
		old = atomic.LoadInt32(&most)
	}
	for i := int32(0); i < spin; i++ {
		atomic.StoreInt32(&sink, i)
	}
	atomic.AddInt32(&inside, -1)
}

func worker() {
	for i := 0; i < rounds; i++ {
		pass()
		atomic.AddInt64(&passages, 1)
		runtime.Gosched()
	}
	all.Done()
}

func main() {
	all.Add(workers)
	for i := 0; i < workers; i++ {
		go worker()
	}
	all.Wait()
	word := "beyond"
	if atomic.LoadInt32(&most) <= int32(runtime.GOMAXPROCS(0)) {
		word = "within"
	}
	fmt.Printf("%d passages, %s the limit\n", atomic.LoadInt64(&passages), word)
}
