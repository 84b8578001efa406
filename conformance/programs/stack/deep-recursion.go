// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	levels  = 20000
	waves   = 3
	members = 4
)

var (
	right int64
	all   sync.WaitGroup
)

func member() {
	if isSumRight(levels) {
		atomic.AddInt64(&right, 1)
	}
	all.Done()
}

func main() {
	word := map[bool]string{true: "right", false: "wrong"}[isSumRight(levels)]
	fmt.Printf("main: %d levels, sum %s\n", levels, word)
	for i := 0; i < waves; i++ {
		all.Add(members)
		for k := 0; k < members; k++ {
			go member()
		}
		all.Wait()
	}
	fmt.Printf("%d goroutines: sums right\n", atomic.LoadInt64(&right))
}
