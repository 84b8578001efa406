// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

const readings = 100
const others = 3
const more = 300 // what is about

var stop int32
var over sync.WaitGroup

func equations(s *runtime.MemStats) {
	need(s.HeapObjects == s.Mallocs-s.Frees, "objects")
	need(s.HeapSys == s.HeapInuse+s.HeapIdle, "memory of the heap")
	need(s.HeapIdle >= s.HeapReleased, "idle memory")
	need(s.HeapAlloc <= s.HeapInuse && s.HeapAlloc == s.Alloc, "memory of objects")
	need(s.TotalAlloc >= s.HeapAlloc, "all allocation")
	need(s.Sys == s.HeapSys+s.StackSys+s.MSpanSys+s.MCacheSys+s.BuckHashSys+s.GCSys+s.OtherSys, "the sum")
}

func inOrder(a, b *runtime.MemStats) {
	need(a.Mallocs <= b.Mallocs && a.Frees <= b.Frees, "objects run backwards")
	need(a.TotalAlloc <= b.TotalAlloc, "bytes run backwards")
	need(a.NumGC <= b.NumGC && a.NumForcedGC <= b.NumForcedGC, "collections run backwards")
	need(a.PauseTotalNs <= b.PauseTotalNs, "pauses run backwards")
}

func other(n int) {
	for atomic.LoadInt32(&stop) == 0 {
		churn(100)
		lasts[n] = make([]byte, 100000)
	}
	over.Done()
}

var lasts [others][]byte

func main() {
	var s [2]runtime.MemStats
	var first runtime.MemStats
	collect()
	runtime.ReadMemStats(&first)
	if len(os.Args) > 1 {
		over.Add(others)
		for i := 0; i < others; i++ {
			go other(i)
		}
	}
	runtime.ReadMemStats(&s[1])
	for i := 0; i < readings; i++ {
		runtime.ReadMemStats(&s[i%2])
		equations(&s[i%2])
		inOrder(&s[1-i%2], &s[i%2])
		churn(1000)
		if i%20 == 0 {
			collect()
		}
		if i%40 == 20 {
			debug.FreeOSMemory()
		}
	}
	atomic.StoreInt32(&stop, 1)
	over.Wait()
	fmt.Println(readings, "readings agree")
	lasts = [others][]byte{}
	collect()
	runtime.ReadMemStats(&s[0])
	need(s[0].HeapObjects < first.HeapObjects+more, "objects that are gone count")
	fmt.Println("no more objects than at first")
}
