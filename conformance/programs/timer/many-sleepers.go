// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const sleepers = 10000

var awake, early int64
var all sync.WaitGroup

func sleeper(i int) {
	d := time.Duration(i*7919%sleepers) * 2000
	start := time.Now()
	time.Sleep(d)
	if time.Since(start) < d {
		atomic.AddInt64(&early, 1)
	}
	atomic.AddInt64(&awake, 1)
	all.Done()
}

func main() {
	all.Add(sleepers)
	for i := 0; i < sleepers; i++ {
		go sleeper(i)
	}
	all.Wait()
	fmt.Printf("%d awake, %d early\n", awake, early)
}
