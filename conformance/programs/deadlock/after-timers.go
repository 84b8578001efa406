// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

var all sync.WaitGroup

func main() {
	all.Add(3)
	time.AfterFunc(time.Millisecond, all.Done)
	go func() {
		time.Sleep(time.Millisecond)
		all.Done()
	}()
	ticker := time.NewTicker(time.Millisecond)
	<-ticker.C
	ticker.Stop()
	object := new([1000]int)
	runtime.SetFinalizer(object, func(*[1000]int) { all.Done() })
	object = nil
	runtime.GC()
	all.Wait()
	fmt.Println("all timers are over")
	<-make(chan int)
}
