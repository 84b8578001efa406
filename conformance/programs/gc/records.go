// SPDX-License-Identifier: BSD-3-Clause

// Objects that nothing has but a record of the runtime, handed on from one to the next.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const couriers = 300
const hops = 30
const defers = 40
const frames = 2000
const panicking = 200
const waiterCount = 100
const births = 2000

var arrived int64
var all sync.WaitGroup
var lock sync.Mutex
var cond = sync.NewCond(&lock)
var isOpen bool

// A courier carries its number and how many hops it has made.
type courier struct {
	load         *object
	number, hops int64
}

func courierNew(number, hops int64) *courier {
	return &courier{objectNew(number), number, hops}
}

func look(c *courier, what string) {
	need(c.load != nil && isWhole(c.load, c.number), what)
}

func byTimer(c *courier) {
	look(c, "a timer's argument")
	if c.hops == hops {
		all.Done()
		return
	}
	next := courierNew(c.number, c.hops+1)
	time.AfterFunc(time.Duration(c.number*100), func() { byTimer(next) })
}

func byGoroutine(c *courier) {
	look(c, "a goroutine's argument")
	if c.hops == hops {
		all.Done()
	} else {
		go byGoroutine(courierNew(c.number, c.hops+1))
	}
}

// One of many that were made at once: most wait for long before they begin.
func byBirth(c *courier) {
	look(c, "the argument of one of many goroutines")
	all.Done()
}

func byDefer(c *courier) {
	look(c, "a deferred call's argument")
	atomic.AddInt64(&arrived, 1)
}

func runDefers(frame int64) {
	for i := int64(0); i < defers; i++ {
		defer byDefer(courierNew(frame+i, 0))
	}
	if frame%200 == 0 {
		collect()
		churn(2000)
	}
}

func recovers() {
	churn(20)
	c, is := recover().(*courier)
	need(is, "no panic")
	look(c, "a panic's value")
	atomic.AddInt64(&arrived, 1)
}

func panics(number int64) {
	defer recovers()
	panic(courierNew(number, 0))
}

// The courier is known to the waiter's stack alone, and that to a queue of waiters.
func byWaiter(number int64) {
	c := courierNew(number, 0)
	lock.Lock()
	atomic.AddInt64(&arrived, 1)
	for !isOpen {
		cond.Wait()
	}
	lock.Unlock()
	look(c, "a waiter's local")
	all.Done()
}

func timers() {
	all.Add(couriers)
	for i := int64(0); i < couriers; i++ {
		c := courierNew(i, 0)
		time.AfterFunc(time.Duration(i*100), func() { byTimer(c) })
	}
	all.Wait()
	all.Add(couriers)
	for i := int64(0); i < couriers; i++ { // these wait over some collections
		c := courierNew(i, hops)
		time.AfterFunc(30*time.Millisecond, func() { byTimer(c) })
	}
	for i := 0; i < 3; i++ {
		collect()
		churn(2000)
	}
	all.Wait()
	fmt.Println("timers: whole")
}

func goroutines() {
	all.Add(couriers)
	for i := int64(0); i < couriers; i++ {
		go byGoroutine(courierNew(i, 0))
	}
	all.Wait()
	for n := 0; n < 3; n++ {
		all.Add(births)
		for i := int64(0); i < births; i++ {
			go byBirth(courierNew(i, 0))
		}
		all.Wait()
	}
	fmt.Println("goroutines: whole")
}

func deferredCalls() {
	arrived = 0
	for i := int64(0); i < frames; i++ {
		runDefers(i)
	}
	need(arrived == frames*defers, "deferred calls are missing")
	fmt.Println("deferred calls: whole")
	arrived = 0
	for i := int64(0); i < panicking; i++ {
		panics(i)
	}
	need(arrived == panicking, "panics are missing")
	fmt.Println("panics: whole")
}

func waiters(c *collecting) {
	arrived = 0
	all.Add(waiterCount)
	for i := int64(0); i < waiterCount; i++ {
		go byWaiter(i)
	}
	for atomic.LoadInt64(&arrived) < waiterCount {
		runtime.Gosched()
	}
	cycles := atomic.LoadInt64(&c.cycles)
	for atomic.LoadInt64(&c.cycles) < cycles+3 {
		churn(1000)
		runtime.Gosched() // who sweeps for a collection lets others run after each span
	}
	lock.Lock()
	isOpen = true
	cond.Broadcast()
	lock.Unlock()
	all.Wait()
	fmt.Println("waiters: whole")
}

func main() {
	var c collecting
	c.begin()
	timers()
	goroutines()
	deferredCalls()
	waiters(&c)
	c.end()
}
