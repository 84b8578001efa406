// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Codes of spec/litmus.md section 8, by what the runtime says.
var codeTexts = []struct {
	code int64
	text string
}{
	{-1001, "send on closed channel"},
	{-1002, "close of closed channel"},
	{-1003, "close of nil channel"},
	{-1004, "makechan: size out of range"},
	{-1005, "invalid memory address or nil pointer dereference"},
	{-1006, "index out of range"},
	{-1007, "integer divide by zero"},
	{-1008, "negative WaitGroup counter"},
	{-1009, "WaitGroup is reused"},
	{-1009, "WaitGroup misuse"},
	{-1011, "non-positive interval"},
	{-1012, "panic called with nil argument"},
}

const (
	codeNil   = -1000
	codeOther = -1013
)

// caughtErrors keeps the last value recovered per code, so that it can be raised again as it was.
var caughtErrors [32]atomic.Value

type anyValue struct{ v any }

// codeOf is the integer for a recovered value.
func codeOf(v any) int64 {
	switch x := v.(type) {
	case nil:
		return codeNil
	case int:
		return int64(x)
	case int64:
		return x
	}
	text := fmt.Sprint(v)
	code := int64(codeOther)
	for _, known := range codeTexts {
		if strings.Contains(text, known.text) {
			code = known.code
			break
		}
	}
	caughtErrors[codeNil-code].Store(anyValue{v})
	return code
}

// raise panics with v: an int, nil, or the run-time error that a code stands for.
func raise(v int64) {
	switch {
	case v == codeNil:
		panic(nil) //nolint: the point of the instruction
	case v < codeNil && v > codeNil-int64(len(caughtErrors)):
		if kept, ok := caughtErrors[codeNil-v].Load().(anyValue); ok {
			panic(kept.v)
		}
		provoke(v)
	}
	panic(int(v))
}

var (
	zero      int64
	nilInt    *int64
	threeInts [3]int64
	intSink   int64
)

// provoke makes the runtime raise the error of this code by the operation that causes it.
func provoke(code int64) {
	c := make(chan int, 1)
	switch code {
	case -1001:
		close(c)
		c <- 1
	case -1002:
		close(c)
		close(c)
	case -1003:
		close(chan int(nil))
	case -1004:
		c = make(chan int, zero-1)
	case -1005:
		intSink = *nilInt
	case -1006:
		intSink = threeInts[3+atomic.LoadInt64(&zero)]
	case -1007:
		intSink = 1 / atomic.LoadInt64(&zero)
	case -1008:
		var wg sync.WaitGroup
		wg.Add(-1)
	case -1011:
		time.NewTicker(0)
	case -1012:
		panic(nil) //nolint: the point of the instruction
	}
	panic(fmt.Errorf("error of code %d", code))
}

var faultCodes = map[string]int64{"nil-deref": -1005, "index": -1006, "div-zero": -1007}
