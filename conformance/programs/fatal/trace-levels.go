// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"sync"
	"time"
)

func main() {
	var started sync.WaitGroup
	started.Add(1)
	go func() {
		started.Done()
		<-make(chan int)
	}()
	started.Wait()
	time.Sleep(time.Millisecond) // the other one waits by then
	if os.Args[1] == "panic" {
		panic("out of cheese")
	}
	select {}
}
