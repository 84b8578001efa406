// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

const (
	hasNewer  = true
	newerCaps = " cleanup weak"
)

// A call is what a cleanup has to do.
type call struct {
	e    *execution
	b    *block
	seed int64
	arg  *argument
}

func (c *call) run() { c.e.ending(c.b, c.seed, c.arg) }

func (e *execution) newerStep(regs *registers, in *instr) {
	switch in.op {
	case "cleanup", "cleanup1":
		c := &call{e, &e.p.blocks[in.blk], int64(next(regs)), e.argument(regs, in)}
		e.putWord(regs, in.d, word{p: runtime.AddCleanup(e.slot(regs, in.a), (*call).run, c)})
	case "cstop":
		if c, is := e.word(regs, in.a).p.(runtime.Cleanup); is {
			c.Stop()
		}
	case "weak":
		// The zero weak pointer is the zero word.
		w := weak.Make(e.slot(regs, in.a))
		if w == (weak.Pointer[slot]{}) {
			e.putWord(regs, in.d, word{})
		} else {
			e.putWord(regs, in.d, word{p: w})
		}
	case "wget":
		w, _ := e.word(regs, in.a).p.(weak.Pointer[slot])
		e.putWord(regs, in.d, wordOf(w.Value()))
	}
}
