// SPDX-License-Identifier: BSD-3-Clause

package main

import "reflect"

// doSelect does a select by the most native form there is for its shape: none, one case, one case and default, the
// language's select over word channels, else reflect.
func (e *execution) doSelect(regs *registers, in *instr) {
	def := -1
	others := make([]int, 0, len(in.cases))
	for i := range in.cases {
		if in.cases[i].op == "default" {
			def = i
		} else {
			others = append(others, i)
		}
	}
	k := def
	switch {
	case len(in.cases) == 0:
		select {}
	case len(others) == 0:
	case len(others) == 1 && def < 0:
		k = e.plainCase(regs, in, others[0])
	case len(others) == 1:
		k = e.tryCase(regs, in, others[0], def)
	default:
		if w, fits := e.words(regs, in, others); fits {
			k = e.wordSelect(regs, in, w, def)
		} else {
			k = e.reflectSelect(regs, in, others, def)
		}
	}
	e.put(regs, in.d, int64(k))
}

func (e *execution) chanOf(c *caseOf) channel { return e.objects[c.obj].(chanHolder).channel() }

func (e *execution) took(regs *registers, c *caseOf, v word, ok bool) {
	e.putWord(regs, c.d, v)
	e.putBool(regs, c.e, ok)
}

func (e *execution) plainCase(regs *registers, in *instr, i int) int {
	c := &in.cases[i]
	if c.op == "send" {
		e.chanOf(c).send(e.word(regs, c.a))
		return i
	}
	v, ok := e.chanOf(c).recv2()
	e.took(regs, c, v, ok)
	return i
}

func (e *execution) tryCase(regs *registers, in *instr, i, def int) int {
	c := &in.cases[i]
	if c.op == "send" {
		if e.chanOf(c).trySend(e.word(regs, c.a)) {
			return i
		}
		return def
	}
	v, ok, done := e.chanOf(c).tryRecv()
	if !done {
		return def
	}
	e.took(regs, c, v, ok)
	return i
}

// wordCases are the cases of a select over channels of words; unused ones are nil and never ready.
type wordCases struct {
	s, r   [4]chan int64
	v      [4]int64
	si, ri [4]int
}

func (e *execution) words(regs *registers, in *instr, cases []int) (w wordCases, fits bool) {
	ns, nr := 0, 0
	for _, i := range cases {
		c := &in.cases[i]
		t, isWord := e.objects[c.obj].(*typed[int64])
		if !isWord || (c.op == "send" && ns == 4) || (c.op != "send" && nr == 4) {
			return w, false
		}
		if c.op == "send" {
			w.s[ns], w.v[ns], w.si[ns] = t.c, e.get(regs, c.a), i
			ns++
		} else {
			w.r[nr], w.ri[nr] = t.c, i
			nr++
		}
	}
	return w, true
}

func (e *execution) wordSelect(regs *registers, in *instr, w wordCases, def int) int {
	var k int
	var v int64
	var ok bool
	if def >= 0 {
		k, v, ok = w.selectDefault(def)
	} else {
		k, v, ok = w.selectBlock()
	}
	if k >= 0 && k != def && in.cases[k].op != "send" {
		e.took(regs, &in.cases[k], word{n: v}, ok)
	}
	return k
}

func (w *wordCases) selectBlock() (k int, v int64, ok bool) {
	select {
	case w.s[0] <- w.v[0]:
		k = w.si[0]
	case w.s[1] <- w.v[1]:
		k = w.si[1]
	case w.s[2] <- w.v[2]:
		k = w.si[2]
	case w.s[3] <- w.v[3]:
		k = w.si[3]
	case v, ok = <-w.r[0]:
		k = w.ri[0]
	case v, ok = <-w.r[1]:
		k = w.ri[1]
	case v, ok = <-w.r[2]:
		k = w.ri[2]
	case v, ok = <-w.r[3]:
		k = w.ri[3]
	}
	return k, v, ok
}

func (w *wordCases) selectDefault(def int) (k int, v int64, ok bool) {
	select {
	case w.s[0] <- w.v[0]:
		k = w.si[0]
	case w.s[1] <- w.v[1]:
		k = w.si[1]
	case w.s[2] <- w.v[2]:
		k = w.si[2]
	case w.s[3] <- w.v[3]:
		k = w.si[3]
	case v, ok = <-w.r[0]:
		k = w.ri[0]
	case v, ok = <-w.r[1]:
		k = w.ri[1]
	case v, ok = <-w.r[2]:
		k = w.ri[2]
	case v, ok = <-w.r[3]:
		k = w.ri[3]
	default:
		k = def
	}
	return k, v, ok
}

func (e *execution) reflectSelect(regs *registers, in *instr, cases []int, def int) int {
	list := make([]reflect.SelectCase, 0, len(cases)+1)
	for _, i := range cases {
		c := &in.cases[i]
		if c.op == "send" {
			list = append(list, e.chanOf(c).sendCase(e.word(regs, c.a)))
		} else {
			list = append(list, e.chanOf(c).recvCase())
		}
	}
	if def >= 0 {
		list = append(list, reflect.SelectCase{Dir: reflect.SelectDefault})
	}
	n, v, ok := reflect.Select(list)
	if n == len(cases) {
		return def
	}
	k := cases[n]
	if c := &in.cases[k]; c.op != "send" {
		e.took(regs, c, e.chanOf(c).received(v, ok), ok)
	}
	return k
}
