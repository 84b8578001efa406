// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const chans = 200
const capacity = 4
const left = chans * capacity * 3 / 4 // half of them are half full
const values = 1000

// It has the channel, which has it.
type value struct {
	o *object
	c chan *value
}

var kept chan *value
var gone int64

func ends(o *object) {
	need(isWhole(o, 7), "what a value had")
	atomic.AddInt64(&gone, 1)
}

func sendOne(c chan *value) {
	v := &value{objectNew(7), c}
	runtime.SetFinalizer(v.o, ends)
	c <- v
}

// Full or half full, from any slot on, closed or not.
func build() {
	for i := 0; i < chans; i++ {
		c := make(chan *value, capacity)
		for n := 0; n < i%capacity; n++ {
			c <- nil
			<-c
		}
		many := capacity
		if i%2 != 0 {
			many /= 2
		}
		for n := 0; n < many; n++ {
			sendOne(c)
		}
		if i%3 == 0 {
			close(c)
		}
	}
}

func pass() {
	for i := 0; i < values; i++ {
		sendOne(kept)
		v := <-kept
		need(v.c == kept && isWhole(v.o, 7), "a value")
	}
}

func main() {
	elsewhere(build)
	need(collectUntil(&gone, left), "channels that nobody has stay")
	fmt.Println("channels and what was in them: gone")
	kept = make(chan *value, capacity)
	elsewhere(pass)
	need(collectUntil(&gone, left+values), "values stay that were received")
	need(cap(kept) == capacity && len(kept) == 0, "the channel")
	fmt.Println("values that were received: gone")
}
