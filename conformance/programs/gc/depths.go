// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const deep = 20000
const goroutines = 100
const callers = 20
const heldCount = 8
const others = 70

var goOn = make(chan bool)
var down, over sync.WaitGroup
var whole, gone int64
var ends [2]int // of a pipe

func collects() {
	collect()
	churn(deep)
	collect()
}

func waits() {
	down.Done()
	<-goOn
}

// Of each frame's objects only the frame knows.
func recurse(depth int64, atTheEnd func()) {
	o := objectNew(depth)
	if depth == 0 {
		atTheEnd()
	} else {
		recurse(depth-1, atTheEnd)
	}
	need(isWhole(o, depth), "a local variable")
}

func waitDeep(depth int64) {
	recurse(depth, waits)
	atomic.AddInt64(&whole, 1)
	over.Done()
}

func calls(number int64) {
	var held [heldCount]*object
	var b [1]byte
	for i := range held {
		held[i] = objectNew(number + int64(i))
		runtime.SetFinalizer(held[i], func(*object) { atomic.AddInt64(&gone, 1) })
	}
	down.Done()
	n, _ := syscall.Read(ends[0], b[:])
	need(n == 1, "read")
	for i, o := range held {
		need(isWhole(o, number+int64(i)), "a local variable beside a system call")
	}
	over.Done()
}

func inCalls() {
	var bytes [callers]byte
	need(syscall.Pipe(ends[:]) == nil, "pipe")
	down.Add(callers)
	over.Add(callers)
	for i := int64(0); i < callers; i++ {
		go calls(i)
	}
	down.Wait()
	time.Sleep(5 * time.Millisecond) // nearly all are in their calls; either is right
	collects()
	settle(1)
	need(atomic.LoadInt64(&gone) == 0, "an object of a goroutine in a system call")
	n, _ := syscall.Write(ends[1], bytes[:])
	need(n == callers, "write")
	over.Wait()
	fmt.Println(callers, "in system calls: whole")
}

// We wait with an object of our own, among more and more who wait.
func among() {
	goOn = make(chan bool)
	for i := int64(1); i <= others; i++ {
		o := objectNew(i)
		go func() { <-goOn }()
		elsewhere(func() {
			collect()
			churn(200)
		})
		need(isWhole(o, i), "a local variable among many goroutines")
	}
	close(goOn)
	fmt.Printf("one among 1 to %d: whole\n", others)
}

func main() {
	recurse(deep, collects)
	fmt.Println(deep, "frames of one goroutine: whole")
	down.Add(goroutines)
	over.Add(goroutines)
	for i := int64(1); i <= goroutines; i++ {
		go waitDeep(i * 10)
	}
	down.Wait()
	collects()
	close(goOn)
	over.Wait()
	fmt.Printf("%d goroutines of up to %d frames: whole\n", whole, goroutines*10)
	inCalls()
	among()
}
