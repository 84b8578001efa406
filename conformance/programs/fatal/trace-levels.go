// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"runtime"
	"sync"
)

func main() {
	runtime.GOMAXPROCS(1) // so that the other one has waited when this one has yielded often
	var started sync.WaitGroup
	started.Add(1)
	go func() {
		started.Done()
		<-make(chan int)
	}()
	started.Wait()
	for i := 0; i < 100; i++ {
		runtime.Gosched()
	}
	if os.Args[1] == "panic" {
		panic("out of cheese")
	}
	select {}
}
