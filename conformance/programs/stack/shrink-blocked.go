// SPDX-License-Identifier: BSD-3-Clause

// Goroutines go deep, come back and wait; their stacks are trimmed meanwhile; then they go
// on with all that they had.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

const goroutines = 40
const words = 60

var numbers = make(chan int64)
var pairs = make(chan [2]int64)
var ready = make(chan int64)
var results = make(chan int64, goroutines)

//go:noinline
func deep(n int64) int64 {
	var frame [100]int64
	frame[n%100] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + frame[n%100] - n + 1
}

func waitIn(kind int) int64 {
	switch kind {
	case 0:
		return <-numbers
	case 1:
		pair := <-pairs
		return pair[0] + pair[1]
	}
	select {
	case got := <-numbers:
		return got
	case pair := <-pairs:
		return pair[0] + pair[1]
	}
}

func is(cond bool) int64 {
	if cond {
		return 1
	}
	return 0
}

func worker(number int) {
	var mine [words]int64
	var depth, result int64 = 3000, 0
	for i := range mine {
		mine[i] = int64(number*1000 + i)
	}
	result += is(deep(depth) == depth)
	ready <- 1
	result += is(waitIn(number%3) == 7)
	for i := range mine {
		result += is(mine[i] == int64(number*1000+i))
	}
	result += is(deep(depth) == depth)
	results <- result
}

func main() {
	var sum int64
	for i := 0; i < goroutines; i++ {
		go worker(i)
	}
	for i := 0; i < goroutines; i++ {
		<-ready
	}
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	runtime.GC()
	debug.FreeOSMemory()
	for i := 0; i < goroutines; i++ {
		select {
		case numbers <- 7:
		case pairs <- [2]int64{3, 4}:
		}
	}
	for i := 0; i < goroutines; i++ {
		sum += <-results
	}
	fmt.Printf("%d of %d\n", sum, goroutines*(words+3))
}
