// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const sleepers = 600

var woke int32

func main() {
	was := runtime.GOMAXPROCS(0)
	for i := 0; i < sleepers; i++ {
		go func(i int) {
			runtime.Gosched()
			time.Sleep(time.Duration(i) * 50 * time.Microsecond)
			atomic.AddInt32(&woke, 1)
		}(i)
	}
	for i := 0; i < 50; i++ {
		runtime.Gosched() // others take sleepers to their processors
	}
	asked := runtime.GOMAXPROCS(1)
	fmt.Printf("was %d, asked %d, then %d\n", was, asked, runtime.GOMAXPROCS(-1))
	for i := 0; atomic.LoadInt32(&woke) < sleepers && i < 4000; i++ {
		runtime.GOMAXPROCS(1 + i%5)
		time.Sleep(500 * time.Microsecond)
	}
	fmt.Printf("%d of %d woke\n", woke, sleepers)
}
