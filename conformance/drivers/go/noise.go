// SPDX-License-Identifier: BSD-3-Clause

package main

import "runtime"

// Scheduling noise (`noise=1..2`): before operations that others can see, a goroutine now and then gives way or dawdles.
//
// The generator's state lies beside an activation's registers, so that drawing from it orders nothing between
// goroutines; a started activation gets a state of its own from the one that starts it.

// next draws from the generator of an activation.
func next(regs *registers) uint64 {
	regs.seed += 0x9E3779B97F4A7C15
	return mixed(regs.seed)
}

func mixed(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// quiet are the instructions that no other goroutine can tell the time of.
var quiet = map[string]bool{
	"set": true, "calc": true, "jmp": true, "unless": true, "call": true, "call1": true, "defer": true, "defer1": true, "deferrec": true, "recover": true, "keep": true,
}

// disturb is called before an instruction that is not quiet.
func (e *execution) disturb(regs *registers) {
	x := next(regs)
	odds := x & 7
	switch {
	case odds < uint64(2*e.noise):
		runtime.Gosched()
	case odds == 7:
		spin(int64(x >> 8 & (1<<(x>>3&15) - 1)))
	}
}
