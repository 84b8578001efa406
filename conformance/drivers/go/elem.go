// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"reflect"
	"time"
	"unsafe"
)

const damaged = -1010

// A channel is a Go channel of some element type, with the operations of the plan on it.  Each method is the native
// operation and nothing else but the making and checking of elements (spec/litmus.md section 7).
type channel interface {
	send(v word)
	recv0()
	recv1() word
	recv2() (word, bool)
	trySend(v word) bool
	tryRecv() (v word, ok, done bool)
	close()
	len() int
	cap() int
	remake(n int64) channel
	sendCase(v word) reflect.SelectCase
	recvCase() reflect.SelectCase
	received(v reflect.Value, ok bool) word
}

// A typed is a channel of T: an array of bytes that carries the pattern, an int64, a pointer to one, or a pointer of the
// program.
type typed[T any] struct {
	c chan T
}

// newChan makes a channel by element size; -1 is ptr, -2 obj.
var newChan = map[int]func(n int64) channel{
	-2: makeTyped[*slot], -1: makeTyped[*int64], 0: makeTyped[struct{}], 8: makeTyped[int64],
	1: makeTyped[[1]byte], 2: makeTyped[[2]byte], 3: makeTyped[[3]byte], 4: makeTyped[[4]byte],
	5: makeTyped[[5]byte], 6: makeTyped[[6]byte], 7: makeTyped[[7]byte], 9: makeTyped[[9]byte],
	12: makeTyped[[12]byte], 15: makeTyped[[15]byte], 16: makeTyped[[16]byte], 17: makeTyped[[17]byte],
	24: makeTyped[[24]byte], 31: makeTyped[[31]byte], 32: makeTyped[[32]byte], 33: makeTyped[[33]byte],
	63: makeTyped[[63]byte], 64: makeTyped[[64]byte], 65: makeTyped[[65]byte], 100: makeTyped[[100]byte],
	128: makeTyped[[128]byte], 200: makeTyped[[200]byte], 256: makeTyped[[256]byte], 512: makeTyped[[512]byte],
	1000: makeTyped[[1000]byte], 1024: makeTyped[[1024]byte], 4096: makeTyped[[4096]byte],
	32768: makeTyped[[32768]byte], 65535: makeTyped[[65535]byte],
}

func makeTyped[T any](n int64) channel { return &typed[T]{make(chan T, n)} }

func bytesOf[T any](t *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(t)), unsafe.Sizeof(*t))
}

// fill makes an element of the value of a register.
func fill[T any](t *T, w word) {
	if p, isObject := any(t).(**slot); isObject {
		*p, _ = w.p.(*slot)
		return
	}
	encode(t, w.n)
}

// valueOf reads the value of an element and checks all of it; form as in decode.
func valueOf[T any](t *T, form int) word {
	if p, isObject := any(t).(**slot); isObject {
		if *p != nil && form == 0 {
			panic(int64(damaged))
		}
		return wordOf(*p)
	}
	return word{n: decode(t, form)}
}

// encode fills the element for v.
func encode[T any](t *T, v int64) {
	switch p := any(t).(type) {
	case **int64:
		*p = &v
	case *int64:
		*p = v
	default:
		b := bytesOf(t)
		for i := range b {
			if i < 8 {
				b[i] = byte(v >> (8 * i))
			} else {
				b[i] = byte(v*31 + int64(i)*7 + 13)
			}
		}
	}
}

// dirty fills a destination, so that what is not written shows.
func dirty[T any](t *T) {
	switch any(t).(type) {
	case **int64, **slot:
		return
	}
	b := bytesOf(t)
	for i := range b {
		b[i] = 0xA5
	}
}

// decode reads the value of an element and checks all of it.  form: 1 the value came from a send, 0 it did not, -1 unknown.
func decode[T any](t *T, form int) int64 {
	switch p := any(t).(type) {
	case **int64:
		if *p == nil {
			if form == 1 {
				return damaged
			}
			return 0
		}
		if form == 0 {
			return damaged
		}
		return **p
	case *int64:
		if form == 0 && *p != 0 {
			return damaged
		}
		return *p
	}
	b := bytesOf(t)
	var v int64
	zero := true
	for i, x := range b {
		if i < 8 {
			v |= int64(x) << (8 * i)
		}
		zero = zero && x == 0
	}
	if zero && form != 1 {
		return 0
	}
	var want T
	encode(&want, v)
	if form == 0 || string(bytesOf(&want)) != string(b) {
		return damaged
	}
	return v
}

func formOf(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

func (t *typed[T]) send(v word) {
	x := new(T)
	fill(x, v)
	t.c <- *x
}

func (t *typed[T]) recv0() { <-t.c }

func (t *typed[T]) recv1() word {
	x := new(T)
	dirty(x)
	*x = <-t.c
	return valueOf(x, -1)
}

func (t *typed[T]) recv2() (word, bool) {
	x, ok := new(T), false
	dirty(x)
	*x, ok = <-t.c
	return valueOf(x, formOf(ok)), ok
}

func (t *typed[T]) trySend(v word) bool {
	x := new(T)
	fill(x, v)
	select {
	case t.c <- *x:
		return true
	default:
		return false
	}
}

func (t *typed[T]) tryRecv() (v word, ok, done bool) {
	x := new(T)
	dirty(x)
	select {
	case *x, ok = <-t.c:
		return valueOf(x, formOf(ok)), ok, true
	default:
		return word{}, false, false
	}
}

func (t *typed[T]) close()                 { close(t.c) }
func (t *typed[T]) len() int               { return len(t.c) }
func (t *typed[T]) cap() int               { return cap(t.c) }
func (t *typed[T]) remake(n int64) channel { return makeTyped[T](n) }

func (t *typed[T]) sendCase(v word) reflect.SelectCase {
	x := new(T)
	fill(x, v)
	return reflect.SelectCase{Dir: reflect.SelectSend, Chan: reflect.ValueOf(t.c), Send: reflect.ValueOf(x).Elem()}
}

func (t *typed[T]) recvCase() reflect.SelectCase {
	return reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(t.c)}
}

func (t *typed[T]) received(v reflect.Value, ok bool) word {
	x := v.Interface().(T)
	return valueOf(&x, formOf(ok))
}

// A ticking is the channel of a timer or ticker.  What it carries is a time, which is no outcome: it reads as 1.
type ticking struct {
	c <-chan time.Time
}

func oneIf(ok bool) int64 {
	if ok {
		return 1
	}
	return 0
}

func (t ticking) send(word)            { panic("plan.go lets no send to a timer through") }
func (t ticking) trySend(word) bool    { panic("plan.go lets no send to a timer through") }
func (t ticking) close()               { panic("plan.go lets no close of a timer through") }
func (t ticking) remake(int64) channel { panic("plan.go lets no make of a timer through") }
func (t ticking) recv0()               { <-t.c }
func (t ticking) len() int             { return len(t.c) }
func (t ticking) cap() int             { return cap(t.c) }

func (t ticking) recv1() word {
	<-t.c
	return word{n: 1}
}

func (t ticking) recv2() (word, bool) {
	_, ok := <-t.c
	return word{n: oneIf(ok)}, ok
}

func (t ticking) tryRecv() (v word, ok, done bool) {
	select {
	case _, ok = <-t.c:
		return word{n: oneIf(ok)}, ok, true
	default:
		return word{}, false, false
	}
}

func (t ticking) sendCase(word) reflect.SelectCase { panic("plan.go lets no send to a timer through") }

func (t ticking) recvCase() reflect.SelectCase {
	return reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(t.c)}
}

func (t ticking) received(_ reflect.Value, ok bool) word { return word{n: oneIf(ok)} }
