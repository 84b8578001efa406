// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	levels  = 20000
	room    = 200 // bytes of each level, at least
	waves   = 3
	members = 4
)

var (
	right int64
	all   sync.WaitGroup
)

// Each level keeps something that it needs after the levels below it have returned.
//
//go:noinline
func deep(n int) uint64 {
	var kept [room]byte
	kept[n%room] = byte(n)
	kept[(n+1)%room] = byte(n >> 8)
	var below uint64
	if n > 0 {
		below = deep(n - 1)
	}
	return below + uint64(kept[n%room]) + 256*uint64(kept[(n+1)%room])
}

func isRight() bool { return deep(levels) == levels*(levels+1)/2 }

func member() {
	if isRight() {
		atomic.AddInt64(&right, 1)
	}
	all.Done()
}

func main() {
	word := map[bool]string{true: "right", false: "wrong"}[isRight()]
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
