// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	warmUp = 1000
	pause  = 20000000
	turns  = 10
	rounds = 500000000 // a fifth of a second or more: as good as never
)

var (
	ran         int32
	there, back = make(chan int64), make(chan int64)
)

func mark() {
	atomic.StoreInt32(&ran, 1)
}

func echo() {
	for i := 0; i < warmUp; i++ {
		back <- <-there
	}
	<-there
	mark()
}

// Each of the two is the next on its processor again and again, until that is no news.
func talk() {
	go echo()
	for i := 0; i < warmUp; i++ {
		there <- 0
		<-back
	}
	for i := 0; i < 10; i++ {
		runtime.Gosched() // echo waits for more
	}
	for i := 0; i < pause; i++ { // and the other processor's thread goes to sleep
	}
	there <- 0
}

// Nothing is called, and this processor is not taken away: what it has at hand must be taken by the other one.
func compute() {
	for i := 0; i < rounds && atomic.LoadInt32(&ran) == 0; i++ {
	}
}

func main() {
	switch os.Args[1] {
	case "new":
		go mark()
	case "timer":
		time.AfterFunc(time.Millisecond, mark)
	default:
		mark()
	}
	compute()
	for i := 0; i < turns && atomic.LoadInt32(&ran) == 1 && os.Args[1] == "ready"; i++ {
		atomic.StoreInt32(&ran, 0)
		talk()
		compute()
	}
	if atomic.LoadInt32(&ran) == 1 {
		fmt.Println("it ran elsewhere")
	} else {
		fmt.Println("it waits for a processor that computes")
	}
}
