// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	sleepers = 600
	rounds   = 30
)

var begun, woke int32

func sleeper(i int) {
	runtime.Gosched()
	atomic.AddInt32(&begun, 1)
	time.Sleep(time.Duration(i) * 50 * time.Microsecond)
	atomic.AddInt32(&woke, 1)
}

func main() {
	was := runtime.GOMAXPROCS(0)
	for i := 0; i < sleepers; i++ {
		go sleeper(i)
	}
	for i := 0; i < 50; i++ {
		runtime.Gosched() // others take sleepers to their processors
	}
	asked := runtime.GOMAXPROCS(1)
	fmt.Printf("was %d, asked %d, then %d\n", was, asked, runtime.GOMAXPROCS(-1))
	for i := 1; i <= rounds; i++ {
		runtime.GOMAXPROCS(2 + i%4)
		for k := 0; k < sleepers/rounds; k++ {
			go sleeper(k * 10)
		}
		for int(atomic.LoadInt32(&begun)) < sleepers+sleepers/rounds*i {
		} // this processor is busy: they fall asleep on others
		runtime.GOMAXPROCS(1)
	}
	for i := 0; atomic.LoadInt32(&woke) < 2*sleepers && i < 1000; i++ {
		time.Sleep(500 * time.Microsecond)
	}
	fmt.Printf("%d of %d woke\n", woke, 2*sleepers)
}
