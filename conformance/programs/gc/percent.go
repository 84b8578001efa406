// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

const garbage = 1000000 // objects

func collects() bool {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	before := s.NumGC
	churn(garbage)
	runtime.ReadMemStats(&s)
	return s.NumGC > before
}

func word(is bool) string {
	if is {
		return "some"
	}
	return "none"
}

func main() {
	fmt.Println("it was", debug.SetGCPercent(50))
	fmt.Println("it was", debug.SetGCPercent(-1))
	fmt.Println("off:", word(collects()))
	fmt.Println("it was", debug.SetGCPercent(100))
	fmt.Println("on:", word(collects()))
}
