// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

const rounds = 20
const objects = 20000
const callers = 10
const eachCalls = 20

var list *object
var calls int64
var all sync.WaitGroup
var s runtime.MemStats

func build() {
	for i := int64(0); i < objects; i++ {
		o := objectNew(i)
		o.next = list
		list = o
	}
}

// The list is reachable until just before the call.
func roundOf() {
	elsewhere(build)
	runtime.ReadMemStats(&s)
	before, collections, forced := s.HeapObjects, s.NumGC, s.NumForcedGC
	list = nil
	runtime.GC()
	runtime.ReadMemStats(&s)
	need(s.NumGC > collections && s.NumForcedGC > forced, "it is not counted")
	need(before-s.HeapObjects >= objects*9/10, "what was dropped is not free")
}

func caller() {
	for i := 0; i < eachCalls; i++ {
		runtime.GC()
		atomic.AddInt64(&calls, 1)
	}
	all.Done()
}

func main() {
	debug.SetGCPercent(-1)
	for i := 0; i < rounds; i++ {
		roundOf()
	}
	fmt.Println(rounds, "times what was dropped is free at the return")
	runtime.ReadMemStats(&s)
	collections := s.NumGC
	all.Add(callers)
	for i := 0; i < callers; i++ {
		go caller()
	}
	all.Wait()
	runtime.ReadMemStats(&s)
	need(s.NumGC >= collections+eachCalls, "fewer collections than one caller asked for")
	fmt.Println(calls, "calls of", callers, "goroutines came back")
}
