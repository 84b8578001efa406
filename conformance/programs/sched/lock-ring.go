// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	members = 8
	tokens  = 4
	rounds  = 1000 // of each token
	turns   = 50   // of each member
	napping = 10
)

var (
	ring        [members]chan int
	done        = make(chan int)
	lock        sync.Mutex
	turned      = sync.NewCond(&lock)
	turn, met   int
	naps, steps int64
	all         sync.WaitGroup
)

func member(i int) {
	if i%4 != 3 {
		runtime.LockOSThread() // three of four are locked, so that both kinds meet
	}
	for left := range ring[i] {
		atomic.AddInt64(&steps, 1)
		if left--; left > 0 {
			ring[(i+1)%members] <- left
		} else {
			done <- left
		}
	}
	all.Done()
}

// They take turns under one condition, then sleep.
func taker(i int) {
	runtime.LockOSThread()
	for n := 0; n < turns; n++ {
		lock.Lock()
		for turn != i {
			turned.Wait()
		}
		turn = (turn + 1) % members
		met++
		turned.Broadcast()
		lock.Unlock()
	}
	for n := 0; n < napping; n++ {
		time.Sleep(time.Duration(i+1) * time.Microsecond)
		atomic.AddInt64(&naps, 1)
	}
	all.Done()
}

func passTokens() {
	for i := range ring {
		ring[i] = make(chan int)
	}
	all.Add(members)
	for i := range ring {
		go member(i)
	}
	for i := 0; i < tokens; i++ {
		ring[i*2] <- rounds
	}
	for i := 0; i < tokens; i++ {
		<-done
	}
	for i := range ring {
		close(ring[i])
	}
	all.Wait()
	fmt.Printf("%d members, %d tokens, %d steps\n", members, tokens, atomic.LoadInt64(&steps))
}

func main() {
	passTokens()
	all.Add(members)
	for i := 0; i < members; i++ {
		go taker(i)
	}
	all.Wait()
	fmt.Println("condition met", met, "times")
	fmt.Println("slept", atomic.LoadInt64(&naps), "times")
}
