// SPDX-License-Identifier: BSD-3-Clause

// A table of holders, each with the only pointer to an object.  Again and again one is
// exchanged: a new holder gets the object, which leaves the old one by the operation that is
// looked at.  When that does not tell the collector, the object is lost as often as the old
// holder has not been marked yet.
package main

import (
	"sync/atomic"
	"unsafe"
)

const holders = 20000
const steps = 40000
const collections = 5

type holder struct {
	slots    [4]*object // the object is in the first one
	number   int
	isGlobal bool // it is in globals
}

var table []*holder
var globals [holders]*object
var nils = make(chan *object, 1)

func atomicOf(h *holder) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Pointer(&h.slots[0]))
}

func putField(h *holder, o *object) {
	h.slots[0] = o
}

func takeField(h *holder) *object {
	o := h.slots[0]
	h.slots[0] = nil
	return o
}

func putCopy(h *holder, o *object) {
	*h = holder{slots: [4]*object{o}, number: h.number}
}

func takeCopy(h *holder) *object {
	o := h.slots[0]
	*h = *new(holder)
	return o
}

func takeOverlapping(h *holder) *object {
	o := h.slots[0]
	copy(h.slots[:3], h.slots[1:])
	return o
}

func takeClear(h *holder) *object {
	o := h.slots[0]
	for i := range h.slots {
		h.slots[i] = nil
	}
	return o
}

func putSwap(h *holder, o *object) {
	need(atomic.SwapPointer(atomicOf(h), unsafe.Pointer(o)) == nil, "what was there")
}

func takeSwap(h *holder) *object {
	return (*object)(atomic.SwapPointer(atomicOf(h), nil))
}

func putCAS(h *holder, o *object) {
	need(atomic.CompareAndSwapPointer(atomicOf(h), nil, unsafe.Pointer(o)), "compare and swap")
}

func takeCAS(h *holder) *object {
	o := atomic.LoadPointer(atomicOf(h))
	need(!atomic.CompareAndSwapPointer(atomicOf(h), nil, o), "compare and swap with another value")
	need(atomic.CompareAndSwapPointer(atomicOf(h), o, nil), "compare and swap")
	return (*object)(o)
}

func putAtomic(h *holder, o *object) {
	atomic.StorePointer(atomicOf(h), unsafe.Pointer(o))
}

func takeAtomic(h *holder) *object {
	o := atomic.LoadPointer(atomicOf(h))
	atomic.StorePointer(atomicOf(h), nil)
	return (*object)(o)
}

// What is received takes the object's place.
func takeReceive(h *holder) *object {
	o := h.slots[0]
	nils <- nil
	h.slots[0] = <-nils
	return o
}

// By turns from a global to a holder, and back.
func takeGlobal(h *holder) *object {
	at := &h.slots[0]
	if h.isGlobal {
		at = &globals[h.number]
	}
	o := *at
	*at = nil
	return o
}

func putGlobal(h *holder, o *object) {
	h.isGlobal = !table[h.number].isGlobal
	if h.isGlobal {
		globals[h.number] = o
	} else {
		h.slots[0] = o
	}
}

func fill() {
	table = make([]*holder, holders)
	for i := range table {
		table[i] = holderNew(i)
		table[i].slots[0] = objectNew(int64(i))
	}
}

func holderNew(i int) *holder {
	return &holder{number: i}
}

func moves(x *exchange[*holder]) {
	fill()
	x.run(table, holderNew, steps, collections)
	globals = [holders]*object{}
}

func main() {
	kinds := []exchange[*holder]{
		{"field", takeField, putField},
		{"copy", takeCopy, putCopy},
		{"overlapping copy", takeOverlapping, putField},
		{"clear", takeClear, putField},
		{"swap", takeSwap, putSwap},
		{"compare and swap", takeCAS, putCAS},
		{"atomic store", takeAtomic, putAtomic},
		{"receive", takeReceive, putField},
		{"global", takeGlobal, putGlobal},
	}
	for i := range kinds {
		elsewhere(func() { moves(&kinds[i]) })
	}
}
