// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

const goroutines = 2000
const frameBytes = 3000 // at least so much of each stack is used

var deep, over sync.WaitGroup
var goOn = make(chan bool)

func stacks() int {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.StackInuse)
}

//go:noinline
func waits(i int) byte {
	var frame [frameBytes]byte
	frame[i%frameBytes] = 1
	deep.Done()
	<-goOn
	return frame[i%frameBytes]
}

func main() {
	before := stacks()
	deep.Add(goroutines)
	over.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func(i int) {
			need(waits(i) == 1, "frame")
			over.Done()
		}(i)
	}
	deep.Wait()
	with := stacks()
	need(with-before >= goroutines*frameBytes, "too little is counted")
	fmt.Println("they are counted")
	close(goOn)
	over.Wait()
	for runtime.NumGoroutine() > 1 {
		runtime.Gosched()
	}
	collect()
	debug.FreeOSMemory()
	after := stacks()
	need(after-before < (with-before)/2, "too much is counted")
	fmt.Println("they are counted no more")
}
