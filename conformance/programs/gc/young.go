// SPDX-License-Identifier: BSD-3-Clause

// Old holders get young objects, by all that puts a pointer into memory; then collections of
// the young, where the runtime has such, and garbage that overwrites what was freed.
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const holders = 300
const many = 40 // pointers that are copied at once
const collections = 3
const garbage = 1000
const people = 20

type holder struct {
	o      atomic.Pointer[object]
	field  *object
	none   [many]*object
	c      chan *object
	number int64
}

var table []*holder
var market = make(chan *object)

func young() {
	for i := 0; i < collections; i++ {
		runtime.GC()
		churn(garbage)
	}
}

// ---- what is put into objects ----

func putField(h *holder, o *object) {
	h.field = o
}

func putAtomic(h *holder, o *object) {
	h.o.Store(o)
}

func putSwap(h *holder, o *object) {
	need(h.o.Swap(o) == nil, "what was there")
}

func putCas(h *holder, o *object) {
	need(h.o.CompareAndSwap(nil, o), "compare and swap")
}

// The last one is what will be looked at.
func putCopy(h *holder, o *object) {
	var from [many]*object
	from[many-1] = o
	copy(h.none[:], from[:])
}

func putReceive(h *holder, o *object) {
	h.c <- o
	h.field = <-h.c
}

func putBuffer(h *holder, o *object) {
	h.c <- o
}

// Straight from the sender: one of the two waits.
func putHanded(h *holder, o *object) {
	number := o.stamp
	go func() { market <- objectNew(number) }()
	h.field = <-market
}

func take(h *holder) *object {
	if o := h.o.Load(); o != nil {
		return o
	}
	if h.field != nil {
		return h.field
	}
	if o := h.none[many-1]; o != nil {
		return o
	}
	return <-h.c
}

type kind struct {
	name string
	put  func(h *holder, o *object)
}

func objects(k kind) {
	elsewhere(func() {
		table = make([]*holder, holders)
		for i := range table {
			table[i] = &holder{c: make(chan *object, 1), number: int64(i)}
		}
	})
	collect()
	elsewhere(func() {
		for i := range table {
			k.put(table[i], objectNew(int64(i)))
		}
	})
	young()
	for i := range table {
		need(table[i].number == int64(i), k.name)
		need(isWhole(take(table[i]), int64(i)), k.name)
	}
	fmt.Println(k.name + ": whole")
}

// ---- what is put onto stacks ----

var waiting, over int64

// It waits, gets an object, and waits again.
func person(i int64) {
	mine := objectNew(i)
	atomic.AddInt64(&waiting, 1)
	got := <-market
	atomic.AddInt64(&waiting, 1)
	next := <-market
	need(isWhole(mine, i) && isWhole(got, -2) && isWhole(next, -2), "a stack")
	atomic.AddInt64(&over, 1)
}

func until(count *int64, n int64) {
	for atomic.LoadInt64(count) < n {
		runtime.Gosched()
	}
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
}

func feed() {
	for i := 0; i < people; i++ {
		market <- objectNew(-2)
	}
}

func crowd(name string) {
	waiting, over = 0, 0
	for i := int64(0); i < people; i++ {
		go person(i)
	}
	until(&waiting, people)
	young()
	elsewhere(feed)
	until(&waiting, 2*people)
	young()
	elsewhere(feed)
	until(&over, people)
	fmt.Println(name + ": whole")
}

type desk struct {
	there *object
}

var theDesk *desk

// Another goroutine writes to its local variable while it waits.
func guest() {
	waiting, over = 0, 0
	go func() {
		var mine desk
		theDesk = &mine
		atomic.StoreInt64(&waiting, 1)
		<-market
		need(isWhole(mine.there, -3), "a local variable of another")
		atomic.StoreInt64(&over, 1)
	}()
	until(&waiting, 1)
	young()
	elsewhere(func() { theDesk.there = objectNew(-3) })
	young()
	market <- nil
	until(&over, 1)
	fmt.Println("a local variable of another: whole")
}

func main() {
	kinds := []kind{
		{"field", putField}, {"atomic store", putAtomic},
		{"swap", putSwap}, {"compare and swap", putCas},
		{"copy", putCopy}, {"receive", putReceive},
		{"buffer", putBuffer}, {"from hand to hand", putHanded},
	}
	for _, k := range kinds {
		objects(k)
	}
	crowd("stacks")
	crowd("stacks of their own")
	guest()
}
