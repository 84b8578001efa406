// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"math"
	"runtime"
	"syscall"
	"time"
)

const turns = 40

func plainTime(n int) int64 {
	start := clock()
	for i := 0; i < n; i++ {
		syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0)
	}
	return (clock() - start).Nanoseconds()
}

func bracketedTime(n int) int64 {
	start := clock()
	for i := 0; i < n; i++ {
		syscall.Syscall(syscall.SYS_GETPPID, 0, 0, 0)
	}
	return (clock() - start).Nanoseconds()
}

func least(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// bracket prints what a bracket adds to a system call: the calls with and without take turns, and the fastest turns are
// compared. At least a tenth of a nanosecond is told.
func bracket(n int) {
	plain, bracketed := int64(math.MaxInt64), int64(math.MaxInt64)
	each := n/turns + 1
	for i := 0; i < turns; i++ {
		plain = least(plain, plainTime(each))
		bracketed = least(bracketed, bracketedTime(each))
	}
	over := float64(bracketed-plain) / float64(each)
	if over < 0.1 {
		over = 0.1
	}
	printFigure("bracket", over)
}

var count int64

func bump(p *int64) {
	*p++
}

//go:noinline
func deferOnce() {
	defer bump(&count)
}

const defers = 100

//go:noinline
func deferMany() {
	for i := 0; i < defers; i++ {
		defer bump(&count)
	}
}

func deferLoop(n int) {
	for i := 0; i < n; i += defers {
		deferMany()
	}
}

func stopPanic() {
	if _, ok := recover().(int); ok {
		count++
	}
}

//go:noinline
func fall(depth int) int64 {
	if depth == 0 && count >= 0 {
		panic(1)
	}
	if depth == 0 {
		return 0
	}
	return fall(depth-1) + int64(depth)
}

//go:noinline
func catchBelow(depth int) {
	defer stopPanic()
	count += fall(depth)
}

var now time.Time
var since time.Duration

func clockSince(n int) {
	start := time.Now()
	for i := 0; i < n; i++ {
		since = time.Since(start)
	}
}

// look tells the longest time between two looks at the clock, in n ms that it does nothing else.
func look(n int, longest chan<- time.Duration) {
	runtime.LockOSThread()
	gap, start := time.Duration(0), time.Now()
	for last := time.Duration(0); last < time.Duration(n)*time.Millisecond; {
		now := time.Since(start)
		if now-last > gap {
			gap = now - last
		}
		last = now
	}
	longest <- gap
}

// gap prints microseconds that one of as many threads as there are processors was kept from its own.
func gap(n int) {
	procs, worst := runtime.GOMAXPROCS(0), time.Duration(0)
	longest := make(chan time.Duration)
	for i := 0; i < procs; i++ {
		go look(n, longest)
	}
	for i := 0; i < procs; i++ {
		if found := <-longest; found > worst {
			worst = found
		}
	}
	printFigure("gap", float64(worst.Nanoseconds())/1e3)
}

var miscBenches = []bench{
	{name: "bracket", report: bracket},
	{name: "defer", work: func(n int) {
		for i := 0; i < n; i++ {
			deferOnce()
		}
	}},
	{name: "defer-loop", work: deferLoop},
	{name: "panic", work: func(n int) {
		for i := 0; i < n; i++ {
			catchBelow(0)
		}
	}},
	{name: "panic-20", work: func(n int) {
		for i := 0; i < n; i++ {
			catchBelow(19)
		}
	}},
	{name: "clock", work: func(n int) {
		for i := 0; i < n; i++ {
			now = time.Now()
		}
	}},
	{name: "gap", report: gap},
	{name: "clock-since", work: clockSince},
}
