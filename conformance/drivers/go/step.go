// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// A chanHolder has a channel: a channel itself, or a timer variable.
type chanHolder interface{ channel() channel }

func (t *typed[T]) channel() channel { return t }
func (a *alarm) channel() channel    { return ticking{a.c} }

func (e *execution) chanStep(regs *registers, in *instr) {
	c := e.objects[in.obj].(chanHolder).channel()
	switch in.op {
	case "send":
		c.send(e.word(regs, in.a))
	case "recv0":
		c.recv0()
	case "recv1":
		e.putWord(regs, in.d, c.recv1())
	case "recv2":
		v, ok := c.recv2()
		e.putWord(regs, in.d, v)
		e.putBool(regs, in.e, ok)
	case "close":
		c.close()
	case "len":
		e.put(regs, in.d, int64(c.len()))
	case "cap":
		e.put(regs, in.d, int64(c.cap()))
	case "make":
		e.objects[in.obj] = c.remake(e.get(regs, in.a))
	}
}

// A tryLocker is a Mutex, or an RWMutex for writing.
type tryLocker interface {
	sync.Locker
	TryLock() bool
}

func (e *execution) syncStep(regs *registers, in *instr) {
	switch o := e.objects[in.obj].(type) {
	case *sync.RWMutex:
		if !e.readerStep(regs, in, o) {
			e.lockStep(regs, in, o)
		}
	case *sync.Mutex:
		e.lockStep(regs, in, o)
	case *sync.Cond:
		switch in.op {
		case "cwait":
			o.Wait()
		case "signal":
			o.Signal()
		case "broadcast":
			o.Broadcast()
		}
	case *sync.WaitGroup:
		switch in.op {
		case "wgadd":
			o.Add(int(e.get(regs, in.a)))
		case "wgdone":
			o.Done()
		case "wgwait":
			o.Wait()
		}
	case *sync.Once:
		o.Do(func() { e.exec(&e.p.blocks[in.blk], int64(next(regs)), nil) })
	case *int64:
		e.wordStep(regs, in, o)
	case *pointer:
		e.pointerStep(regs, in, o)
	}
}

func (e *execution) lockStep(regs *registers, in *instr, l tryLocker) {
	switch in.op {
	case "lock":
		l.Lock()
	case "unlock":
		l.Unlock()
	case "trylock":
		e.putBool(regs, in.d, l.TryLock())
	}
}

func (e *execution) readerStep(regs *registers, in *instr, m *sync.RWMutex) bool {
	switch in.op {
	case "rlock":
		m.RLock()
	case "runlock":
		m.RUnlock()
	case "tryrlock":
		e.putBool(regs, in.d, m.TryRLock())
	default:
		return false
	}
	return true
}

// wordStep: atomics, and plain accesses that the race detector sees as such.
func (e *execution) wordStep(regs *registers, in *instr, x *int64) {
	switch in.op {
	case "read":
		e.put(regs, in.d, *x)
	case "write":
		*x = e.get(regs, in.a)
	case "load":
		e.put(regs, in.d, atomic.LoadInt64(x))
	case "store":
		atomic.StoreInt64(x, e.get(regs, in.a))
	case "add":
		e.put(regs, in.d, atomic.AddInt64(x, e.get(regs, in.a)))
	case "cas":
		e.putBool(regs, in.d, atomic.CompareAndSwapInt64(x, e.get(regs, in.a), e.get(regs, in.b)))
	case "swap":
		e.put(regs, in.d, atomic.SwapInt64(x, e.get(regs, in.a)))
	}
}

func (e *execution) timerStep(regs *registers, in *instr) {
	d := time.Duration(e.get(regs, in.a)) * e.unit
	switch in.op {
	case "sleep":
		time.Sleep(d)
		return
	case "now":
		e.put(regs, in.d, int64(time.Since(e.start)/e.unit))
		return
	}
	a := e.objects[in.obj].(*alarm)
	isTicker := e.p.objects[in.obj].kind == "ticker"
	switch {
	case in.op == "start" && isTicker:
		t := time.NewTicker(d)
		*a = alarm{ticker: t, c: t.C}
	case in.op == "start":
		t := time.NewTimer(d)
		*a = alarm{timer: t, c: t.C}
	case in.op == "after":
		*a = alarm{c: time.After(d)}
	case in.op == "afterfunc":
		b, seed := &e.p.blocks[in.blk], int64(next(regs))
		*a = alarm{timer: time.AfterFunc(d, func() { e.exec(b, seed, nil) })}
	case in.op == "afterfunc1":
		b, seed, p := &e.p.blocks[in.blk], int64(next(regs)), e.word(regs, in.b).p
		*a = alarm{timer: time.AfterFunc(d, func() { e.exec(b, seed, &argument{p}) })}
	case in.op == "stop" && isTicker:
		a.ticker.Stop()
	case in.op == "stop":
		e.putBool(regs, in.d, a.timer.Stop())
	case isTicker:
		a.ticker.Reset(d)
	default:
		e.putBool(regs, in.d, a.timer.Reset(d))
	}
}
