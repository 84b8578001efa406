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

const lists = 3
const elements = 2000
const callers = 20

var list atomic.Pointer[object] // for the eater, until it has it
var isTaken atomic.Bool
var collected, overwritten atomic.Int64
var stop int32
var gone int64
var all, over sync.WaitGroup
var ends [2]int // of a pipe

func listMake() {
	var first *object
	for i := int64(0); i < elements; i++ {
		o := objectNew(i)
		o.next = first
		first = o
	}
	list.Store(first)
}

// Nothing but o knows the list, and it lives in a register: nothing is called from when it is
// read.  First the list is taken away from where it was, then a whole collection passes, then
// all that is free is used again.
//
//go:noinline
func eat() int {
	whole := 0
	o := list.Load()
	isTaken.Store(true)
	for list.Load() != nil {
	}
	for end := collected.Load() + 2; collected.Load() < end; {
	}
	for end := overwritten.Load() + 3; overwritten.Load() < end; {
	}
	for i := int64(elements - 1); o != nil && i >= 0; i-- {
		work := int64(0)
		for k := int64(0); k < 4; k++ {
			work += o.body[k] - i*31 - k
		}
		for k := int64(0); k < 100; k++ { // longer in each element
			work ^= k
		}
		for k := int64(0); k < 100; k++ {
			work ^= k
		}
		if o.stamp == i && work == 0 {
			whole++
		}
		o = o.next
	}
	return whole
}

func eater() {
	for i := 0; i < lists; i++ {
		elsewhere(listMake)
		need(eat() == elements, "an element of which only a register knew")
	}
	all.Done()
}

func takesAway() {
	for atomic.LoadInt32(&stop) == 0 {
		if isTaken.CompareAndSwap(true, false) {
			list.Store(nil)
		}
		runtime.Gosched()
	}
	over.Done()
}

func churns() {
	for ; atomic.LoadInt32(&stop) == 0; overwritten.Add(1) {
		churn(2 * elements)
	}
	over.Done()
}

func collects() {
	for ; atomic.LoadInt32(&stop) == 0; collected.Add(1) {
		runtime.GC()
	}
	over.Done()
}

// While it waits nothing but a register has the object, or a word of the frame.
func calls(number int64) {
	var b [1]byte
	o := objectNew(number)
	runtime.SetFinalizer(o, func(*object) { atomic.AddInt64(&gone, 1) })
	all.Done()
	n, _ := syscall.Read(ends[0], b[:])
	need(n == 1 && isWhole(o, number), "a register beside a system call")
	over.Done()
}

func inCalls() {
	var bytes [callers]byte
	need(syscall.Pipe(ends[:]) == nil, "pipe")
	all.Add(callers)
	over.Add(callers)
	for i := int64(0); i < callers; i++ {
		go calls(i)
	}
	all.Wait()
	time.Sleep(5 * time.Millisecond) // nearly all are in their calls; either is right
	collect()
	settle(1)
	need(atomic.LoadInt64(&gone) == 0, "a register beside a system call")
	n, _ := syscall.Write(ends[1], bytes[:])
	need(n == callers, "write")
	over.Wait()
	fmt.Println(callers, "in system calls: whole")
}

func main() {
	all.Add(1)
	over.Add(3)
	go eater()
	go churns()
	go takesAway()
	go collects()
	all.Wait()
	atomic.StoreInt32(&stop, 1)
	over.Wait()
	fmt.Printf("%d lists of %d: whole\n", lists, elements)
	inCalls()
}
