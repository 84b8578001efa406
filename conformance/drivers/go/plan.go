// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// A ref is a value or a destination: '#' a literal, 'r' a local register, 'g' a global one, '_' nothing.
type ref struct {
	kind byte
	v    int64
}

// An instr is one instruction of spec/protocol.md section 3; the fields it uses are those its operands name:
// a, b, c values; d, e destinations; obj, blk, target indices (blk -1 is nil).
type instr struct {
	op               string
	a, b, c          ref
	d, e             ref
	obj, blk, target int
	imm              int64  // number of a field
	word             string // operator of calc and unless, kind of fault
	quiet            bool   // noise passes it over
	caught           bool
	caughtTo         ref
	cases            []caseOf
}

type caseOf struct {
	op   string // send, recv0, recv1, recv2 or default
	obj  int
	a    ref
	d, e ref
}

type block struct {
	name string
	regs int
	code []instr
}

type object struct {
	kind string
	n    int64 // capacity, first value or mutex index
	elem int   // bytes, -1 for ptr
}

type program struct {
	globals int
	heap    bool // some register may hold a reference
	counts  bool // it asks how many objects there are
	objects []object
	blocks  []block
	show    []ref // kind 'l' is the log
}

// operands gives, per instruction, the kinds of its operands in order: v value, d destination, o object, b block,
// l instruction index, w word, i number, n number of cases.
var operands = map[string]string{
	"spawn": "b", "call": "b", "defer": "b", "deferrec": "", "ret": "", "goexit": "", "exit": "v",
	"set": "dv", "calc": "dwvv", "jmp": "l", "unless": "vwvl",
	"send": "ov", "recv0": "o", "recv1": "od", "recv2": "odd", "range": "odl", "close": "o",
	"len": "od", "cap": "od", "make": "ov", "select": "nd",
	"lock": "o", "unlock": "o", "trylock": "od", "rlock": "o", "runlock": "o", "tryrlock": "od",
	"cwait": "o", "signal": "o", "broadcast": "o", "wgadd": "ov", "wgdone": "o", "wgwait": "o", "do": "ob",
	"load": "od", "store": "ov", "add": "ovd", "cas": "ovvd", "swap": "ovd", "read": "od", "write": "ov",
	"panic": "v", "recover": "d", "fault": "w", "yield": "", "spin": "v", "sleep": "v", "now": "d",
	"start": "ov", "after": "ov", "afterfunc": "ovb", "stop": "od", "reset": "ovd",
	"note": "v", "procs": "vd", "goroutines": "d",
	"spawn1": "bv", "call1": "bv", "defer1": "bv", "afterfunc1": "ovbv",
	"new": "dv", "hset": "viv", "hget": "dvi", "haddr": "dvi", "drop": "v", "keep": "v",
	"finalizer": "vb", "cleanup": "dvb", "cleanup1": "dvbv", "cstop": "v", "weak": "dv", "wget": "dv",
	"gc": "", "gcuntil": "ovvd", "heap": "dv",
}

// An unknownOp is answered with `skip`: the plan is right, this driver is too old for it.
type unknownOp string

func (u unknownOp) Error() string { return "unknown " + string(u) }

// parsePlan reads the lines between `run` and `end`.
func parsePlan(lines []string) (*program, error) {
	p := &program{}
	for n, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		var err error
		if line[0] == ' ' {
			err = p.instruction(words)
		} else {
			err = p.declaration(words)
		}
		if _, unknown := err.(unknownOp); unknown {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("plan line %d: %v: %.100s", n+1, err, line)
		}
	}
	return p, p.check()
}

func (p *program) declaration(words []string) error {
	nums := make([]int64, len(words))
	for i, w := range words {
		nums[i], _ = strconv.ParseInt(w, 10, 64)
	}
	switch {
	case words[0] == "globals" && len(words) == 2:
		p.globals = int(nums[1])
	case words[0] == "obj" && len(words) >= 3:
		return p.object(words[2:], nums[2:])
	case words[0] == "blk" && len(words) == 4:
		p.blocks = append(p.blocks, block{name: words[2], regs: int(nums[3])})
	case words[0] == "show":
		for _, w := range words[1:] {
			if w == "log" {
				p.show = append(p.show, ref{kind: 'l'})
				continue
			}
			r, err := parseRef(w)
			if err != nil {
				return err
			}
			p.show = append(p.show, r)
		}
	default:
		return fmt.Errorf("unknown line")
	}
	return nil
}

func (p *program) object(words []string, nums []int64) error {
	o := object{kind: words[0], elem: 8}
	switch o.kind {
	case "chan":
		if len(words) != 3 {
			return fmt.Errorf("expected obj I chan CAP ELEM")
		}
		o.n, o.elem = nums[1], int(nums[2])
		switch words[2] {
		case "ptr":
			o.elem = -1
		case "obj":
			o.elem = -2
		}
		if newChan[o.elem] == nil {
			return unknownOp("elem " + words[2])
		}
	case "cond", "atomic", "var":
		if len(words) != 2 {
			return fmt.Errorf("expected one number")
		}
		o.n = nums[1]
	case "nilchan", "mutex", "rwmutex", "wg", "once", "timer", "ticker":
	case "ptr", "aptr":
		p.heap = true
	default:
		return unknownOp("object " + o.kind)
	}
	p.objects = append(p.objects, o)
	return nil
}

func (p *program) instruction(words []string) error {
	if len(p.blocks) == 0 {
		return fmt.Errorf("an instruction before the first blk")
	}
	b := &p.blocks[len(p.blocks)-1]
	if words[0] == "case" {
		if len(b.code) == 0 || b.code[len(b.code)-1].op != "select" {
			return fmt.Errorf("a case without a select")
		}
		c, err := parseCase(words[1:])
		in := &b.code[len(b.code)-1]
		in.cases = append(in.cases, c)
		return err
	}
	in, err := parseInstr(words)
	if err == nil && newerOps[in.op] && !hasNewer {
		return unknownOp("op " + in.op)
	}
	p.heap = p.heap || heapOps[in.op]
	p.counts = p.counts || in.op == "heap"
	b.code = append(b.code, in)
	return err
}

func parseInstr(words []string) (in instr, err error) {
	in = instr{op: words[0], obj: -1, blk: -1, target: -1, quiet: quiet[words[0]]}
	if in.op == "catch" && len(words) > 2 {
		to, err := parseRef(words[1])
		if err != nil {
			return in, err
		}
		in, err = parseInstr(words[2:])
		in.caught, in.caughtTo = true, to
		return in, err
	}
	kinds, known := operands[in.op]
	if !known {
		return in, unknownOp("op " + in.op)
	}
	if len(words)-1 != len(kinds) {
		return in, fmt.Errorf("%s takes %d operands", in.op, len(kinds))
	}
	values, dests := []*ref{&in.a, &in.b, &in.c}, []*ref{&in.d, &in.e}
	for i, w := range words[1:] {
		switch kinds[i] {
		case 'v':
			*values[0], err = parseRef(w)
			values = values[1:]
		case 'd':
			*dests[0], err = parseRef(w)
			dests = dests[1:]
		case 'w':
			in.word = w
		case 'i':
			in.imm, err = strconv.ParseInt(w, 10, 64)
		case 'b':
			if w != "nil" {
				in.blk, err = strconv.Atoi(w)
			}
		case 'o':
			in.obj, err = strconv.Atoi(w)
		case 'l':
			in.target, err = strconv.Atoi(w)
		}
		if err != nil {
			return in, err
		}
	}
	return in, nil
}

func parseCase(words []string) (c caseOf, err error) {
	if len(words) == 1 && words[0] == "default" {
		return caseOf{op: "default", obj: -1}, nil
	}
	in, err := parseInstr(words)
	switch in.op {
	case "send", "recv0", "recv1", "recv2":
		return caseOf{in.op, in.obj, in.a, in.d, in.e}, err
	}
	return c, fmt.Errorf("no case of a select")
}

// parseRef reads #5, r1, g2, >r1, >g2 or >_.
func parseRef(w string) (ref, error) {
	w = strings.TrimPrefix(w, ">")
	if w == "_" {
		return ref{kind: '_'}, nil
	}
	if len(w) > 1 && strings.IndexByte("#rg", w[0]) >= 0 {
		v, err := strconv.ParseInt(w[1:], 10, 64)
		return ref{w[0], v}, err
	}
	return ref{}, fmt.Errorf("expected #N, rN or gN, got %q", w)
}

// check proves every index once, so that execution need not.
func (p *program) check() error {
	if len(p.blocks) == 0 {
		return fmt.Errorf("a plan without blocks")
	}
	for _, o := range p.objects {
		if o.kind == "cond" && (o.n < 0 || int(o.n) >= len(p.objects) || p.objects[o.n].kind != "mutex") {
			return fmt.Errorf("a cond needs the index of a mutex")
		}
	}
	for _, r := range p.show {
		if r.kind != 'l' && !p.inRange(r, 0) {
			return fmt.Errorf("show: no such register")
		}
	}
	for i := range p.blocks {
		b := &p.blocks[i]
		for n := range b.code {
			if !p.fits(b, &b.code[n]) {
				return fmt.Errorf("block %s instruction %d (%s): an index is out of range", b.name, n, b.code[n].op)
			}
		}
	}
	return nil
}

func (p *program) fits(b *block, in *instr) bool {
	for _, r := range []ref{in.a, in.b, in.c, in.d, in.e, in.caughtTo} {
		if !p.inRange(r, b.regs) {
			return false
		}
	}
	for _, c := range in.cases {
		if c.op != "default" && (!p.kindFits(c.op, c.obj) || !p.inRange(c.a, b.regs) ||
			!p.inRange(c.d, b.regs) || !p.inRange(c.e, b.regs)) {
			return false
		}
	}
	if !p.takesArgument(in) {
		return false
	}
	kinds := operands[in.op]
	return (!strings.Contains(kinds, "o") || p.kindFits(in.op, in.obj)) &&
		(in.blk < len(p.blocks) && in.blk >= -1) && in.target <= len(b.code) &&
		(!strings.Contains(kinds, "l") || in.target >= 0)
}

// takesArgument tells whether a block that gets an argument has a register for it, and a register is dropped.
func (p *program) takesArgument(in *instr) bool {
	switch in.op {
	case "spawn1", "call1", "defer1", "afterfunc1", "cleanup1":
		return in.blk >= 0 && in.blk < len(p.blocks) && p.blocks[in.blk].regs > 0
	case "finalizer":
		return in.blk < 0 || in.blk < len(p.blocks) && p.blocks[in.blk].regs > 0
	case "cleanup":
		return in.blk >= 0
	case "drop":
		return in.a.kind == 'r'
	}
	return true
}

func (p *program) inRange(r ref, regs int) bool {
	switch r.kind {
	case 'r':
		return r.v >= 0 && r.v < int64(regs)
	case 'g':
		return r.v >= 0 && r.v < int64(p.globals)
	}
	return true
}

// kindFits tells whether the instruction is one for this object.
func (p *program) kindFits(op string, obj int) bool {
	if obj < 0 || obj >= len(p.objects) {
		return false
	}
	kinds := map[string]string{
		"send": "chan nilchan", "close": "chan nilchan", "make": "chan",
		"recv0": "chan nilchan timer ticker", "recv1": "chan nilchan timer ticker",
		"recv2": "chan nilchan timer ticker", "range": "chan nilchan timer ticker",
		"len": "chan nilchan timer ticker", "cap": "chan nilchan timer ticker",
		"lock": "mutex rwmutex", "unlock": "mutex rwmutex", "trylock": "mutex rwmutex",
		"rlock": "rwmutex", "runlock": "rwmutex", "tryrlock": "rwmutex",
		"cwait": "cond", "signal": "cond", "broadcast": "cond",
		"wgadd": "wg", "wgdone": "wg", "wgwait": "wg", "do": "once",
		"load": "atomic aptr", "store": "atomic aptr", "add": "atomic", "cas": "atomic aptr", "swap": "atomic aptr",
		"read": "var ptr", "write": "var ptr", "gcuntil": "atomic",
		"start": "timer ticker", "after": "timer", "afterfunc": "timer", "afterfunc1": "timer", "stop": "timer ticker", "reset": "timer ticker",
	}[op]
	for _, k := range strings.Fields(kinds) {
		if k == p.objects[obj].kind {
			return true
		}
	}
	return false
}
