// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// residentBytes is the memory of this process that is there, by the kernel's own count.
func residentBytes() float64 {
	var all, resident float64
	f, err := os.Open("/proc/self/statm")
	if err == nil {
		_, err = fmt.Fscan(f, &all, &resident)
		f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		os.Exit(2)
	}
	return resident * float64(os.Getpagesize())
}

// parked has n goroutines wait on one channel, which is closed then. It prints bytes for each, and nanoseconds until it waits,
// and until it is woken and gone.
func parked(n int) {
	gate := make(chan struct{})
	var there int64
	var all sync.WaitGroup
	before := residentBytes()
	all.Add(n)
	start := clock()
	for i := 0; i < n; i++ {
		go func() {
			atomic.AddInt64(&there, 1)
			<-gate
			all.Done()
		}()
	}
	for atomic.LoadInt64(&there) < int64(n) {
		runtime.Gosched()
	}
	up := clock() - start
	after := residentBytes()
	start = clock()
	close(gate)
	all.Wait()
	end := clock() - start
	printFigure("parked.bytes", (after-before)/float64(n))
	printFigure("parked.spawn", float64(up.Nanoseconds())/float64(n))
	printFigure("parked.wake", float64(end.Nanoseconds())/float64(n))
}

// deep has a frame of a kilobyte that is written to.
//
//go:noinline
func deep(depth int) int64 {
	var frame [960]byte
	for i := 0; i < len(frame); i += 64 {
		frame[i] = byte(depth)
	}
	if depth == 0 {
		return int64(frame[0])
	}
	return deep(depth-1) + int64(frame[64*(depth%15)])
}

const frames = 64

func deepStack(n int) {
	var one sync.WaitGroup
	for i := 0; i < n; i++ {
		one.Add(1)
		go func() {
			deep(frames)
			one.Done()
		}()
		one.Wait()
	}
}

var stackBenches = []bench{
	{name: "parked", report: parked},
	{name: "deep-stack", work: deepStack},
}
