// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// What can go is gone after so many collections.
const cycles = 20

// An object with its stamp all over it.
type object struct {
	next  *object
	stamp int64
	body  [4]int64
}

//go:noinline
func objectNew(stamp int64) *object {
	o := &object{stamp: stamp}
	for i := range o.body {
		o.body[i] = stamp*31 + int64(i)
	}
	return o
}

func isWhole(o *object, stamp int64) bool {
	same := o.stamp == stamp
	for i, word := range o.body {
		same = same && word == stamp*31+int64(i)
	}
	return same
}

// As many objects as have so many bytes, stamped from 0 on, in turn to these lists: so marking
// can be shared.
func listsFill(lists []*object, bytes int) {
	for i := 0; i < bytes/int(unsafe.Sizeof(*lists[0])); i++ {
		o := objectNew(int64(i))
		o.next = lists[i%len(lists)]
		lists[i%len(lists)] = o
	}
}

// In a goroutine of its own: when this returns no stack has what it had.
func elsewhere(fn func()) {
	var over sync.WaitGroup
	over.Add(1)
	go func() {
		fn()
		over.Done()
	}()
	over.Wait()
}

func collect() {
	runtime.GC()
}

// Collects until the count is reached.  After each collection it waits while the count moves,
// and a little longer each time, for finalizers.  False: cycles collections were not enough.
func collectUntil(count *int64, want int64) bool {
	now := atomic.LoadInt64(count)
	for i := 1; i <= cycles && now < want; i++ {
		collect()
		for quiet := 0; quiet < 20*i && now < want; quiet++ {
			before := now
			time.Sleep(100 * time.Microsecond)
			now = atomic.LoadInt64(count)
			if now != before {
				quiet = 0
			}
		}
	}
	return now >= want
}

var controls int64

func controlMade() {
	runtime.SetFinalizer(objectNew(0), func(*object) { atomic.AddInt64(&controls, 1) })
}

// Whatever was to be finalized has been: in each of n rounds an object dies that was made then,
// and its finalizer has run.
func settle(n int) {
	for i := 0; i < n; i++ {
		before := atomic.LoadInt64(&controls)
		elsewhere(controlMade)
		need(collectUntil(&controls, before+1), "an unreachable object stays")
	}
}

var churned *object

// Objects like all others are made and dropped: what was freed by mistake is overwritten.
func churn(n int) {
	elsewhere(func() {
		for i := 0; i < n; i++ {
			churned = objectNew(-1)
		}
		churned = nil
	})
}

// Collects all the time, in a goroutine of its own, until told to stop.
type collecting struct {
	cycles, stop int64
	over         sync.WaitGroup
}

func (c *collecting) begin() {
	c.over.Add(1)
	go func() {
		for atomic.LoadInt64(&c.stop) == 0 {
			runtime.GC()
			atomic.AddInt64(&c.cycles, 1)
		}
		c.over.Done()
	}()
}

func (c *collecting) end() {
	atomic.StoreInt64(&c.stop, 1)
	c.over.Wait()
}

func pick(state *uint64, n int) int {
	*state = *state*6364136223846793005 + 1442695040888963407
	return int(*state>>33) % n
}
