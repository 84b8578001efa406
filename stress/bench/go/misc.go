// SPDX-License-Identifier: BSD-3-Clause

package main

import "time"

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

var miscBenches = []bench{
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
	{name: "clock-since", work: clockSince},
}
