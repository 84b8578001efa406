// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync/atomic"
)

const (
	longest = 30000000 // seconds: the time slice that a chain shares ends late here
	rounds  = 2
)

var (
	stop, links int32
	ended       = make(chan int, 2)
)

func older() {
	atomic.StoreInt32(&stop, 1)
	ended <- 0
}

func linkOfChain() {
	if atomic.LoadInt32(&stop) == 0 && atomic.AddInt32(&links, 1) < longest {
		go linkOfChain()
	} else {
		ended <- 0
	}
}

func isKeptOut() bool {
	stop, links = 0, 0
	go older()
	go linkOfChain()
	<-ended
	<-ended
	return links >= longest
}

func main() {
	keptOut := false
	for i := 0; i < rounds && !keptOut; i++ {
		keptOut = isKeptOut()
	}
	if keptOut {
		fmt.Println("the chain kept it out")
	} else {
		fmt.Println("the older one ran meanwhile")
	}
}
