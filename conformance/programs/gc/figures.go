// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"time"
)

const collections = 20

var s [2]runtime.MemStats

func compare(a, b *runtime.MemStats) {
	need(b.NumGC > a.NumGC, "it is not counted")
	need(b.NumForcedGC == a.NumForcedGC+1, "it is not counted as forced")
	need(b.NumGC >= b.NumForcedGC, "more forced ones than all")
	need(b.LastGC > a.LastGC, "it is not the last one")
	need(b.LastGC <= uint64(time.Now().UnixNano()), "it is still to come")
	need(b.PauseEnd[(b.NumGC+255)%256] == b.LastGC, "the last pause")
	need(b.PauseNs[(b.NumGC+255)%256] > 0, "the last pause")
	need(b.PauseTotalNs >= a.PauseTotalNs+b.PauseNs[(b.NumGC+255)%256], "the sum of pauses")
	need(b.GCCPUFraction > 0, "time of marking")
}

func main() {
	collect()
	runtime.ReadMemStats(&s[1])
	for i := 0; i < collections; i++ {
		churn(1000)
		collect()
		runtime.ReadMemStats(&s[i%2])
		compare(&s[1-i%2], &s[i%2])
	}
	fmt.Println(collections, "collections are in the figures")
}
