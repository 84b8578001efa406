// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

// A slot is a field of an object and the mark of its place.  An object of n fields is n of them in a row, so that a
// pointer to any field leads to the whole.  Accesses are plain: the barriers are the compiler's.
type slot struct {
	p    *slot
	mark uint64 // index, number of fields, and a hash of both
}

// A bare is an object without fields: memory that the collector does not look into.
type bare struct{ none, mark uint64 }

const (
	slotSize  = unsafe.Sizeof(slot{})
	indexBits = 20
	indexMask = 1<<indexBits - 1
)

func markOf(index, fields uint64) uint64 {
	at := index | fields<<indexBits
	hash := (at + 1) * 0x9E3779B97F4A7C15 // never 0: memory that was cleared is no object
	return at | hash>>(2*indexBits)<<(2*indexBits)
}

// whole gives index and number of fields by the mark of a slot; a mark that is none is a damaged object.
func (s *slot) whole() (index, fields uint64) {
	index, fields = s.mark&indexMask, s.mark>>indexBits&indexMask
	if s.mark != markOf(index, fields) {
		panic(int64(damaged))
	}
	return index, fields
}

func (s *slot) at(i int64) *slot { return (*slot)(unsafe.Add(unsafe.Pointer(s), i*int64(slotSize))) }

func newObject(fields int64) *slot {
	if fields == 0 {
		b := new(bare)
		if b.none != 0 || b.mark != 0 {
			panic(int64(damaged))
		}
		b.mark = markOf(0, 0)
		return (*slot)(unsafe.Pointer(b))
	}
	all := make([]slot, fields)
	for i := range all {
		if all[i] != (slot{}) {
			panic(int64(damaged))
		}
		all[i].mark = markOf(uint64(i), uint64(fields))
	}
	return &all[0]
}

// check looks at every mark of the object that s leads to.
func (s *slot) check() {
	index, fields := s.whole()
	first := s.at(-int64(index))
	for i := uint64(0); i < fields; i++ {
		if first.at(int64(i)).mark != markOf(i, fields) {
			panic(int64(damaged))
		}
	}
}

// field is p[i], or the run-time error for it.
func (s *slot) field(i int64) *slot {
	if s == nil {
		provoke(-1005)
	}
	index, fields := s.whole()
	if index+uint64(i) >= fields {
		provoke(-1006)
	}
	return s.at(i)
}

// wordOf keeps nil out of the interface: a nil pointer is the zero word.
func wordOf(s *slot) word {
	if s == nil {
		return word{}
	}
	return word{p: s}
}

func (e *execution) slot(regs *registers, r ref) *slot {
	s, _ := e.word(regs, r).p.(*slot)
	return s
}

// argument is what an instruction hands to a block, or nil.
func (e *execution) argument(regs *registers, in *instr) *argument {
	switch in.op {
	case "spawn1", "call1", "defer1":
		return &argument{e.word(regs, in.a).p}
	case "cleanup1":
		return &argument{e.word(regs, in.b).p}
	}
	return nil
}

// A pointer is a variable that holds one.
type pointer struct {
	plain *slot
	any   unsafe.Pointer // *slot; atomic
}

func (e *execution) pointerStep(regs *registers, in *instr, v *pointer) {
	switch in.op {
	case "read":
		e.putWord(regs, in.d, wordOf(v.plain))
	case "write":
		v.plain = e.slot(regs, in.a)
	case "load":
		e.putWord(regs, in.d, wordOf((*slot)(atomic.LoadPointer(&v.any))))
	case "store":
		atomic.StorePointer(&v.any, unsafe.Pointer(e.slot(regs, in.a)))
	case "cas":
		e.putBool(regs, in.d, atomic.CompareAndSwapPointer(&v.any, unsafe.Pointer(e.slot(regs, in.a)),
			unsafe.Pointer(e.slot(regs, in.b))))
	case "swap":
		e.putWord(regs, in.d, wordOf((*slot)(atomic.SwapPointer(&v.any, unsafe.Pointer(e.slot(regs, in.a))))))
	}
}

func (e *execution) objectStep(regs *registers, in *instr) {
	switch in.op {
	case "new":
		e.putWord(regs, in.d, wordOf(newObject(e.get(regs, in.a))))
	case "hset":
		e.slot(regs, in.a).field(in.imm).p = e.slot(regs, in.b)
	case "hget":
		e.putWord(regs, in.d, wordOf(e.slot(regs, in.a).field(in.imm).p))
	case "haddr":
		e.putWord(regs, in.d, wordOf(e.slot(regs, in.a).field(in.imm)))
	case "drop":
		e.putWord(regs, in.a, word{})
	case "keep":
		if s := e.slot(regs, in.a); s != nil {
			s.check()
		}
	}
}

// ending runs a finalizer or a cleanup, unless main has returned.
func (e *execution) ending(b *block, seed int64, arg *argument) {
	if atomic.LoadInt32(&e.over) == 0 {
		e.exec(b, seed, arg)
	}
}

func (e *execution) gcStep(regs *registers, in *instr) {
	switch in.op {
	case "finalizer":
		s := e.slot(regs, in.a)
		if in.blk < 0 {
			runtime.SetFinalizer(s, nil)
			return
		}
		b, seed := &e.p.blocks[in.blk], int64(next(regs))
		runtime.SetFinalizer(s, func(s *slot) { e.ending(b, seed, &argument{s}) })
	case "gc":
		runtime.GC()
	case "gcuntil":
		x := e.objects[in.obj].(*int64)
		v, most := e.get(regs, in.a), e.get(regs, in.b)
		for i := int64(0); i < most && atomic.LoadInt64(x) == v; i++ {
			runtime.GC()
			awaitChange(x, v)
		}
		e.put(regs, in.d, atomic.LoadInt64(x))
	case "heap":
		runtime.GC()
		e.put(regs, in.d, oneIf(liveObjects()-e.live <= e.get(regs, in.a)))
	}
}

// awaitChange gives what is due time to run: it gives way often, then sleeps a little.
func awaitChange(x *int64, v int64) {
	for i := 0; i < 300 && atomic.LoadInt64(x) == v; i++ {
		runtime.Gosched()
		if i >= 280 && !isClockVirtual {
			time.Sleep(time.Millisecond)
		}
	}
}

// liveObjects counts what a collection leaves.
func liveObjects() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapObjects)
}

// heapOps are the instructions after which a register may hold a reference.
var heapOps = map[string]bool{
	"spawn1": true, "call1": true, "defer1": true, "afterfunc1": true, "new": true, "hset": true, "hget": true,
	"haddr": true, "drop": true, "keep": true, "finalizer": true, "cleanup": true, "cleanup1": true, "cstop": true,
	"weak": true, "wget": true,
}

// newerOps are those that Go has from 1.24 on.
var newerOps = map[string]bool{"cleanup": true, "cleanup1": true, "cstop": true, "weak": true, "wget": true}
