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

// crowd has n goroutines wait on one channel, which is closed then: bytes for each, and nanoseconds until it waits, and until it
// is woken and gone.
func crowd(n int) (bytes, spawn, wake float64) {
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
	each := float64(n)
	return (after - before) / each, float64(up.Nanoseconds()) / each, float64(end.Nanoseconds()) / each
}

func parked(n int) {
	bytes, spawn, wake := crowd(n)
	printFigure("parked.bytes", bytes)
	printFigure("parked.spawn", spawn)
	printFigure("parked.wake", wake)
}

// squeezed is the same here: there is no way to pack the stacks of those that wait.
func squeezed(n int) {
	bytes, _, wake := crowd(n)
	printFigure("squeezed.bytes", bytes)
	printFigure("squeezed.wake", wake)
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
	{name: "squeezed", report: squeezed},
	{name: "deep-stack", work: deepStack},
}
