// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

const liveBytes = 8 << 20
const nlists = 256
const workers = 4
const collections = 4
const batch = 2000 // objects between two looks

var lists [nlists]*object
var stop, made int64 // made: objects of garbage
var over sync.WaitGroup
var last [workers]*object

func build() {
	listsFill(lists[:], liveBytes)
}

func allocates(number int) {
	for atomic.LoadInt64(&stop) == 0 {
		for i := int64(0); i < batch; i++ {
			last[number] = objectNew(i)
		}
		atomic.AddInt64(&made, batch)
	}
	over.Done()
}

// Looks on until so many collections are over.  The goal moves with each of them, for what
// was allocated while one marked counts as live for the next; and what it freed counts until
// it is swept.
func lookOn(s *runtime.MemStats) {
	was, goal, until := s.NextGC, s.NextGC, s.NumGC+collections
	for s.NumGC < until {
		time.Sleep(500 * time.Microsecond)
		runtime.ReadMemStats(s)
		if s.NextGC != goal {
			was, goal = goal, s.NextGC
		}
		most := was
		if goal > most {
			most = goal
		}
		need(s.HeapAlloc <= most+most/4+4<<20, "the heap grows far beyond the goal")
	}
}

func at(percent int) {
	var s runtime.MemStats
	debug.SetGCPercent(percent)
	collect()
	runtime.ReadMemStats(&s)
	live, goal := s.HeapAlloc, s.NextGC
	grows := live * uint64(percent) / 100
	need(goal >= live+grows*9/10 && goal <= live+grows*13/10+4<<20, "the goal is not what was asked for")
	atomic.StoreInt64(&stop, 0)
	atomic.StoreInt64(&made, 0)
	over.Add(workers)
	for i := 0; i < workers; i++ {
		go allocates(i)
	}
	lookOn(&s)
	bytes := atomic.LoadInt64(&made) * int64(unsafe.Sizeof(*lists[0]))
	atomic.StoreInt64(&stop, 1)
	over.Wait()
	need(bytes >= collections*int64(grows)/4, "collections come far too early")
	fmt.Printf("%d%%: within bounds\n", percent)
}

func main() {
	elsewhere(build)
	at(50)
	at(100)
	at(300)
}
