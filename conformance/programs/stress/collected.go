// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

const limit = 1000 // primes below it
const ringSize = 1000
const rounds = 6
const producers = 4
const items = 10000
const exchangeCount = 20000
const queued = 20000

type channel chan *object

func (c channel) take() int64 {
	o := <-c
	need(o != nil && isWhole(o, o.stamp), "an object on its way")
	return o.stamp
}

func (c channel) give(stamp int64) {
	c <- objectNew(stamp)
}

func counts(out channel) {
	for i := int64(2); ; i++ {
		out.give(i)
	}
}

func filters(in, out channel, prime int64) {
	for {
		i := in.take()
		if i%prime != 0 {
			out.give(i)
		}
	}
}

func sieve() int64 {
	c := make(channel)
	sum := int64(0)
	go counts(c)
	for prime := c.take(); prime < limit; prime = c.take() {
		next := make(channel, 4)
		sum += prime
		go filters(c, next, prime)
		c = next
	}
	return sum
}

func passes(in, out channel) {
	for i := 0; i < rounds; i++ {
		out.give(in.take() + 1)
	}
}

func ring() int64 {
	first := make(channel)
	c := first
	stamp := int64(0)
	for i := 0; i < ringSize; i++ {
		next := make(channel)
		go passes(c, next)
		c = next
	}
	for i := 0; i < rounds; i++ {
		first.give(stamp)
		stamp = c.take()
	}
	return stamp
}

var busy int64

func produces(out channel, number int64) {
	for i := int64(0); i < items; i++ {
		out.give(number*items + i)
	}
	if atomic.AddInt64(&busy, -1) == 0 {
		close(out)
	}
}

func consumes(in, out channel) {
	sum := int64(0)
	for o := range in {
		need(isWhole(o, o.stamp), "an object on its way")
		sum += o.stamp
	}
	out.give(sum)
}

func fan() int64 {
	c, sums := make(channel, 10), make(channel)
	sum := int64(0)
	busy = producers
	for i := int64(0); i < producers; i++ {
		go produces(c, i)
		go consumes(c, sums)
	}
	for i := 0; i < producers; i++ {
		sum += sums.take()
	}
	return sum
}

func answers(in, out channel) {
	for {
		out.give(in.take() + 1)
	}
}

func exchanges() int64 {
	there, back := make(channel), make(channel)
	stamp := int64(0)
	go answers(there, back)
	for i := 0; i < exchangeCount; i++ {
		there.give(stamp + 1)
		stamp = back.take()
	}
	return stamp
}

// A list under a lock: one end is filled, the other emptied.
var lock sync.Mutex
var filled = sync.NewCond(&lock)
var oldest, newest *object

func enqueues() {
	for i := int64(0); i < queued; i++ {
		o := objectNew(i)
		lock.Lock()
		if newest == nil {
			oldest = o
		} else {
			newest.next = o
		}
		newest = o
		filled.Signal()
		lock.Unlock()
	}
}

func queue() int64 {
	sum := int64(0)
	go enqueues()
	for i := int64(0); i < queued; i++ {
		lock.Lock()
		for oldest == nil {
			filled.Wait()
		}
		o := oldest
		oldest = o.next
		if oldest == nil {
			newest = nil
		}
		lock.Unlock()
		need(isWhole(o, i), "an object of the queue")
		sum += o.stamp
	}
	return sum
}

func main() {
	var c collecting
	c.begin()
	fmt.Println("sieve:", sieve())
	fmt.Println("ring:", ring())
	fmt.Println("fan:", fan())
	fmt.Println("exchanges:", exchanges())
	fmt.Println("queue:", queue())
	c.end()
}
