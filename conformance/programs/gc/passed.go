// SPDX-License-Identifier: BSD-3-Clause

// As gc/stores, with channels for holders: what leaves a buffer goes into that of a new
// channel.  Then a crowd whose objects are nowhere but on stacks.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

const channels = 3000
const steps = 15000
const collections = 4
const people = 20
const hands = 30 // objects that each of them has
const passes = 1000

var table []chan *object
var market = make(chan *object)
var all sync.WaitGroup
var gone int64

func putSend(c chan *object, o *object) {
	c <- o
}

func takeReceive(c chan *object) *object {
	return <-c
}

func putTry(c chan *object, o *object) {
	select {
	case c <- o:
	default:
		need(false, "a buffer is full")
	}
}

func takeTry(c chan *object) *object {
	select {
	case o := <-c:
		return o
	default:
		need(false, "a buffer is empty")
	}
	return nil
}

func putSelect(c chan *object, o *object) {
	select {
	case c <- o:
	case <-market:
		need(false, "the wrong case")
	}
}

func takeSelect(c chan *object) (o *object) {
	select {
	case <-market:
		need(false, "the wrong case")
	case o = <-c:
	}
	return o
}

func putClosed(c chan *object, o *object) {
	c <- o
	close(c)
}

func channelNew(int) chan *object {
	return make(chan *object, 2)
}

func moves(x *exchange[chan *object]) {
	table = make([]chan *object, channels)
	for i := range table {
		table[i] = channelNew(i)
		x.put(table[i], objectNew(int64(i)))
	}
	x.run(table, channelNew, steps, collections)
}

// All channels are filled and emptied again.
func pass() {
	table = make([]chan *object, channels)
	for i := range table {
		o := objectNew(int64(i))
		runtime.SetFinalizer(o, func(*object) { atomic.AddInt64(&gone, 1) })
		table[i] = make(chan *object, 2)
		table[i] <- o
		<-table[i]
	}
}

// What was received and dropped is gone while its channel lives.
func letGo() {
	elsewhere(pass)
	need(collectUntil(&gone, channels-channels/100), "an empty buffer keeps")
	fmt.Println("received: let go")
}

// Everybody gives one of theirs to whoever takes it, and takes what another one gives.
func trader(number int) {
	var hand [hands]*object
	random := uint64(number)
	for i := range hand {
		hand[i] = objectNew(7)
	}
	for n := 0; n < passes; n++ {
		i := pick(&random, hands)
		var got *object
		given := hand[i]
		hand[i] = nil
		select {
		case market <- given:
			got = <-market
		case got = <-market:
			market <- given
		}
		need(isWhole(got, 7), "stack to stack")
		if pick(&random, 8) == 0 {
			got = objectNew(7)
		}
		hand[i] = got
	}
	for _, o := range hand {
		need(isWhole(o, 7), "stack to stack")
	}
	all.Done()
}

// Nobody trades with himself: the last of them trade with us.
func crowd() {
	var c collecting
	done := make(chan bool)
	all.Add(people)
	for i := 0; i < people; i++ {
		go trader(i)
	}
	go func() {
		all.Wait()
		close(done)
	}()
	c.begin()
	for isOver := false; !isOver; {
		select {
		case o := <-market:
			market <- o
		case <-done:
			isOver = true
		}
	}
	c.end()
	fmt.Println("stack to stack: whole")
}

func main() {
	kinds := []exchange[chan *object]{
		{"receive", takeReceive, putSend},
		{"try", takeTry, putTry},
		{"select", takeSelect, putSelect},
		{"closed", takeReceive, putClosed},
	}
	for i := range kinds {
		elsewhere(func() { moves(&kinds[i]) })
	}
	letGo()
	elsewhere(crowd)
}
