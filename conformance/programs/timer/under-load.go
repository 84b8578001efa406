// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var over int32
var hogs sync.WaitGroup

func hog() {
	for atomic.LoadInt32(&over) == 0 {
	}
	hogs.Done()
}

func main() {
	n := 2 * runtime.GOMAXPROCS(0)
	ticker := time.NewTicker(time.Millisecond)
	rung := make(chan struct{})
	hogs.Add(n)
	for i := 0; i < n; i++ {
		go hog()
	}
	for i := 0; i < 3; i++ {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("slept 3 times")
	for i := 0; i < 3; i++ {
		<-ticker.C
	}
	fmt.Println("ticked 3 times")
	time.AfterFunc(time.Millisecond, func() { close(rung) })
	<-rung
	fmt.Println("the function ran")
	atomic.StoreInt32(&over, 1)
	hogs.Wait()
	fmt.Println("hogs ended")
}
