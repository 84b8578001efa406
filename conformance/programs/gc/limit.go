// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"
)

const limit = 64 << 20
const liveBytes = 16 << 20
const nlists = 256
const garbage = 200 << 20

var lists [nlists]*object
var s runtime.MemStats

func build() {
	listsFill(lists[:], liveBytes)
}

// The most that the process has had while so much garbage was made.
func most(garbage int) int {
	top := 0
	for bytes := 0; bytes < garbage; bytes += 100000 * int(unsafe.Sizeof(*lists[0])) {
		churn(100000)
		runtime.ReadMemStats(&s)
		if int(s.Sys-s.HeapReleased) > top {
			top = int(s.Sys - s.HeapReleased)
		}
	}
	return top
}

func main() {
	if os.Args[1] == "called" {
		if debug.SetMemoryLimit(limit) == math.MaxInt64 {
			fmt.Println("no limit at first")
		} else {
			fmt.Println("some limit at first")
		}
	}
	fmt.Println("it was", debug.SetMemoryLimit(-1))
	need(debug.SetMemoryLimit(-1) == limit, "asking changed it")
	elsewhere(build)
	need(most(garbage) <= limit+limit/4, "more memory than the limit")
	need(s.NumGC > 0, "no collections")
	fmt.Println("near the limit, by collections")
	debug.SetMemoryLimit(liveBytes / 2)
	need(most(garbage/10) < limit*4, "no collections above the limit")
	fmt.Println("far above a limit that is too low, and through")
}
