// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// An execution is one run of a program: fresh objects, global registers, the log.
//
// Nothing here may order two goroutines of the program that the program does not order: globals are written by one
// goroutine and read at the end, the join is a WaitGroup that only the end waits for.
type execution struct {
	p       *program
	globals []int64 // atomic
	objects []any
	log     unsafe.Pointer // *entry, the newest; atomic
	logs    bool           // the log is shown
	spilt   int32          // atomic; there were more than logMax entries
	noise   int
	seed    int64
	unit    time.Duration
	base    int // goroutines that are not the program's
	join    *sync.WaitGroup
	note    func(v int64) // mode one: writes it at once
	start   time.Time
	over    int32 // atomic: main has returned, finalizers and cleanups do nothing any more
	live    int64 // objects of the process's heap before it began, in programs that count them
}

// An entry of the log.  It is published by one step and never changes, so that a reader finds each entry whole.
type entry struct {
	v      int64
	number int
	prev   *entry
}

const logMax = 4096

// An alarm is a timer or ticker variable.
type alarm struct {
	timer  *time.Timer
	ticker *time.Ticker
	c      <-chan time.Time
}

func newExecution(p *program, o *runOptions) *execution {
	e := &execution{p: p, globals: make([]int64, p.globals), objects: make([]any, len(p.objects)), unit: o.unit,
		noise: o.noise, seed: int64(mixed(uint64(o.seed)))}
	for i, d := range p.objects {
		switch d.kind {
		case "chan":
			e.objects[i] = newChan[d.elem](d.n)
		case "nilchan":
			e.objects[i] = &typed[int64]{}
		case "mutex":
			e.objects[i] = new(sync.Mutex)
		case "rwmutex":
			e.objects[i] = new(sync.RWMutex)
		case "wg":
			e.objects[i] = new(sync.WaitGroup)
		case "once":
			e.objects[i] = new(sync.Once)
		case "atomic", "var":
			v := d.n
			e.objects[i] = &v
		case "timer", "ticker":
			e.objects[i] = new(alarm)
		case "ptr", "aptr":
			e.objects[i] = new(pointer)
		}
	}
	for i, d := range p.objects {
		if d.kind == "cond" {
			e.objects[i] = sync.NewCond(e.objects[d.n].(*sync.Mutex))
		}
	}
	for _, r := range p.show {
		if r.kind == 'l' {
			e.logs = true
		}
	}
	e.base = runtime.NumGoroutine() - 1
	if p.counts {
		e.live = liveObjects()
	}
	e.start = time.Now()
	return e
}

// tooMany says, once, that the log is not whole; the outcome means nothing then.
func (e *execution) tooMany(o *runOptions) bool {
	if atomic.LoadInt32(&e.spilt) == 0 {
		return false
	}
	say("err " + o.id + " more notes than " + strconv.Itoa(logMax) + "\n")
	return true
}

// outcome renders what is shown, in the form of an `out` line.
func (e *execution) outcome() string {
	var s strings.Builder
	s.WriteString("ok")
	for _, r := range e.p.show {
		s.WriteByte(' ')
		if r.kind == 'l' {
			s.WriteString(e.logText())
		} else {
			s.WriteString(strconv.FormatInt(atomic.LoadInt64(&e.globals[r.v]), 10))
		}
	}
	return s.String()
}

func (e *execution) logText() string {
	newest := (*entry)(atomic.LoadPointer(&e.log))
	if newest == nil {
		return "-"
	}
	words := make([]string, newest.number)
	for x := newest; x != nil; x = x.prev {
		words[x.number-1] = strconv.FormatInt(x.v, 10)
	}
	return strings.Join(words, ",")
}

func (e *execution) addNote(v int64) {
	if e.note != nil {
		e.note(v)
	}
	for e.logs {
		newest := (*entry)(atomic.LoadPointer(&e.log))
		x := &entry{v: v, number: 1, prev: newest}
		if newest != nil {
			x.number = newest.number + 1
		}
		if x.number > logMax {
			atomic.StoreInt32(&e.spilt, 1)
			return
		}
		if atomic.CompareAndSwapPointer(&e.log, unsafe.Pointer(newest), unsafe.Pointer(x)) {
			return
		}
	}
}

// The registers of one activation.  A reference lies in p and leaves 0 in n; what is dropped is gone from both, so
// that an object is held exactly as long as a register holds it.
type registers struct {
	n    []int64
	p    []any // *slot, a weak pointer or a cleanup; empty in programs without a heap
	seed uint64
}

// A word is the value of a register of any sort.
type word struct {
	n int64
	p any
}

func (e *execution) word(regs *registers, r ref) word {
	if r.kind == 'r' && len(regs.p) > 0 {
		return word{regs.n[r.v], regs.p[r.v]}
	}
	return word{n: e.get(regs, r)}
}

func (e *execution) putWord(regs *registers, r ref, w word) {
	if r.kind == 'r' && len(regs.p) > 0 {
		regs.p[r.v] = w.p
	}
	e.put(regs, r, w.n)
}

func (e *execution) get(regs *registers, r ref) int64 {
	switch r.kind {
	case 'r':
		return regs.n[r.v]
	case 'g':
		return atomic.LoadInt64(&e.globals[r.v])
	}
	return r.v
}

func (e *execution) put(regs *registers, r ref, v int64) {
	switch r.kind {
	case 'r':
		regs.n[r.v] = v
	case 'g':
		atomic.StoreInt64(&e.globals[r.v], v)
	}
}

func (e *execution) putBool(regs *registers, r ref, ok bool) { e.put(regs, r, oneIf(ok)) }

// An argument is handed over once: who takes it leaves nothing behind.
type argument struct{ p any }

func (a *argument) take() (p any) {
	if a != nil {
		p, a.p = a.p, nil
	}
	return p
}

func newRegisters(b *block, seed int64, arg *argument, heap bool) *registers {
	regs := &registers{n: make([]int64, b.regs), seed: uint64(seed)}
	if heap {
		regs.p = make([]any, b.regs)
	}
	if arg != nil {
		regs.p[0] = arg.take()
	}
	return regs
}

// exec is one activation of a block: the one function that goroutines, calls and defers enter, so that recover stands in
// the frame that the language's defer called.
//
//go:noinline
func (e *execution) exec(b *block, seed int64, arg *argument) {
	regs := newRegisters(b, seed, arg, e.p.heap)
	for pc := 0; pc < len(b.code); pc++ {
		in := &b.code[pc]
		if e.noise > 0 && !in.quiet {
			e.disturb(regs)
		}
		if in.caught {
			e.put(regs, in.caughtTo, e.caught(regs, in))
			continue
		}
		switch in.op {
		case "ret":
			return
		case "jmp":
			pc = in.target - 1
		case "unless":
			if !compare(e.word(regs, in.a), in.word, e.word(regs, in.b)) {
				pc = in.target - 1
			}
		case "range":
			v, ok := e.objects[in.obj].(chanHolder).channel().recv2()
			if !ok {
				pc = in.target - 1
				continue
			}
			e.putWord(regs, in.d, v)
		case "defer", "defer1":
			if in.blk < 0 {
				var none func()
				defer none()
			} else {
				defer e.exec(&e.p.blocks[in.blk], int64(next(regs)), e.argument(regs, in))
			}
		case "deferrec":
			defer recover()
		case "recover":
			e.put(regs, in.d, codeOf(recover()))
		default:
			e.step(regs, in)
		}
	}
}

// caught does one instruction inside a function that recovers, and gives 0 or what was raised.
//
//go:noinline
func (e *execution) caught(regs *registers, in *instr) (code int64) {
	defer func() {
		if v := recover(); v != nil {
			code = codeOf(v)
		}
	}()
	switch in.op {
	case "defer":
		if in.blk < 0 {
			var none func()
			defer none()
		} else {
			defer e.exec(&e.p.blocks[in.blk], int64(next(regs)), nil)
		}
	case "deferrec":
		defer recover()
	default:
		e.step(regs, in)
	}
	return 0
}

func compare(a word, sign string, b word) bool {
	switch sign {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a.n < b.n
	case "<=":
		return a.n <= b.n
	case ">":
		return a.n > b.n
	}
	return a.n >= b.n
}

func calculate(a int64, word string, b int64) int64 {
	switch word {
	case "+":
		return a + b
	case "-":
		return a - b
	}
	return a * b
}

// spawn starts a goroutine of the program; blk -1 is the nil function.
func (e *execution) spawn(blk int, seed int64, arg *argument) {
	if blk < 0 {
		var none func()
		go none()
		return
	}
	if e.join == nil {
		go e.exec(&e.p.blocks[blk], seed, arg)
		return
	}
	e.join.Add(1)
	go e.joined(&e.p.blocks[blk], seed, arg)
}

func (e *execution) joined(b *block, seed int64, arg *argument) {
	defer e.join.Done()
	e.exec(b, seed, arg)
}

// step does any instruction but those that need the activation's own frame.
func (e *execution) step(regs *registers, in *instr) {
	switch in.op {
	case "spawn", "spawn1":
		e.spawn(in.blk, int64(next(regs)), e.argument(regs, in))
	case "call", "call1":
		e.exec(&e.p.blocks[in.blk], int64(next(regs)), e.argument(regs, in))
	case "goexit":
		runtime.Goexit()
	case "exit":
		os.Exit(int(e.get(regs, in.a)))
	case "set":
		e.putWord(regs, in.d, e.word(regs, in.a))
	case "calc":
		e.put(regs, in.d, calculate(e.get(regs, in.a), in.word, e.get(regs, in.b)))
	case "panic":
		raise(e.get(regs, in.a))
	case "fault":
		provoke(faultCodes[in.word])
	case "yield":
		runtime.Gosched()
	case "spin":
		spin(e.get(regs, in.a))
	case "note":
		e.addNote(e.get(regs, in.a))
	case "procs":
		e.put(regs, in.d, int64(runtime.GOMAXPROCS(int(e.get(regs, in.a)))))
	case "goroutines":
		e.put(regs, in.d, int64(runtime.NumGoroutine()-e.base))
	case "select":
		e.doSelect(regs, in)
	case "sleep", "now", "start", "after", "afterfunc", "afterfunc1", "stop", "reset":
		e.timerStep(regs, in)
	case "new", "hset", "hget", "haddr", "drop", "keep":
		e.objectStep(regs, in)
	case "finalizer", "gc", "gcuntil", "heap":
		e.gcStep(regs, in)
	case "cleanup", "cleanup1", "cstop", "weak", "wget":
		e.newerStep(regs, in)
	case "send", "recv0", "recv1", "recv2", "close", "len", "cap", "make":
		e.chanStep(regs, in)
	default:
		e.syncStep(regs, in)
	}
}

var spinSink int64

func spin(n int64) {
	var x int64
	for i := int64(0); i < n*8; i++ {
		x += i ^ x>>3
	}
	if x == 42 {
		atomic.AddInt64(&spinSink, 1)
	}
}
