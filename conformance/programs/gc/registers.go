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

const lists = 100
const elements = 10000
const eaters = 2
const callers = 20

var stop int32
var gone int64
var all, over sync.WaitGroup
var ends [2]int // of a pipe

//go:noinline
func listNew() *object {
	var first *object
	for i := int64(0); i < elements; i++ {
		o := objectNew(i)
		o.next = first
		first = o
	}
	return first
}

// Nothing but o knows the rest, and it lives in a register: the loop calls nothing.
//
//go:noinline
func eat(o *object) int {
	whole := 0
	for i := int64(elements - 1); o != nil; i-- {
		work := int64(0)
		for k := int64(0); k < 4; k++ {
			work += o.body[k] - i*31 - k
		}
		for k := int64(0); k < 50; k++ { // longer in each element
			work ^= k
		}
		for k := int64(0); k < 50; k++ {
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
	for i := 0; i < lists/eaters; i++ {
		need(eat(listNew()) == elements, "an element of which only a register knew")
	}
	all.Done()
}

func churns() {
	for atomic.LoadInt32(&stop) == 0 {
		churn(elements)
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
	var c collecting
	all.Add(eaters)
	over.Add(1)
	for i := 0; i < eaters; i++ {
		go eater()
	}
	go churns()
	c.begin()
	all.Wait()
	c.end()
	atomic.StoreInt32(&stop, 1)
	over.Wait()
	fmt.Printf("%d lists of %d: whole\n", lists, elements)
	inCalls()
}
