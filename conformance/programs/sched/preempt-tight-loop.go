// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	few  = 100000000
	many = 1500000000 // seconds, which end the program where nothing else does
)

var (
	started, stop, ended int32
	over                 sync.WaitGroup
)

// The loop calls nothing.
func hog(rounds int) {
	atomic.StoreInt32(&started, 1)
	for i := 0; i < rounds && atomic.LoadInt32(&stop) == 0; i++ {
	}
	atomic.StoreInt32(&ended, 1)
	over.Done()
}

func main() {
	over.Add(1)
	isShort := os.Args[1] == "short"
	if isShort {
		go hog(few)
	} else {
		go hog(many)
	}
	for atomic.LoadInt32(&started) == 0 {
		runtime.Gosched()
	}
	if isShort {
		word := map[bool]string{true: "after", false: "beside"}[atomic.LoadInt32(&ended) == 1]
		fmt.Println("main runs", word, "the loop")
		return
	}
	fmt.Println("the loop runs")
	if atomic.LoadInt32(&ended) == 0 {
		fmt.Println("main runs beside it")
	} else {
		fmt.Println("main runs too late")
	}
	atomic.StoreInt32(&stop, 1)
	over.Wait()
	fmt.Println("the loop has seen that")
}
