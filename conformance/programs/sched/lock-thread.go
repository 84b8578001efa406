// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	others = 6
	rounds = 300
)

var (
	lockedTid, visitors, stop int32
	ping, pong                = make(chan struct{}), make(chan struct{})
	all                       sync.WaitGroup
)

func gettid() int32 { return int32(syscall.Gettid()) }

func look() {
	if gettid() == atomic.LoadInt32(&lockedTid) {
		atomic.AddInt32(&visitors, 1)
	}
}

func other() {
	for atomic.LoadInt32(&stop) == 0 {
		look()
		runtime.Gosched()
	}
	all.Done()
}

func echo() {
	for range ping {
		look()
		pong <- struct{}{}
	}
	all.Done()
}

// moves away from the thread that it is on, in rounds of everything that can park.
func moves() int {
	tid, moved := gettid(), 0
	look := func() {
		if gettid() != tid {
			moved++
		}
	}
	for i := 0; i < rounds; i++ {
		runtime.Gosched()
		look()
		ping <- struct{}{}
		look()
		<-pong
		look()
		if i%50 == 0 {
			time.Sleep(time.Microsecond)
		}
		look()
	}
	return moved
}

func stay(how string) {
	atomic.StoreInt32(&visitors, 0)
	atomic.StoreInt32(&lockedTid, gettid())
	moved := moves()
	fmt.Printf("%s: %d moves, %d visitors\n", how, moved, atomic.LoadInt32(&visitors))
	atomic.StoreInt32(&lockedTid, 0)
}

func main() {
	all.Add(others + 1)
	go echo()
	for i := 0; i < others; i++ {
		go other()
	}
	runtime.LockOSThread()
	stay("locked")
	runtime.LockOSThread()
	runtime.UnlockOSThread()
	stay("locked once of twice")
	runtime.UnlockOSThread()
	runtime.UnlockOSThread()
	runtime.LockOSThread()
	stay("locked after an extra unlock")
	runtime.UnlockOSThread()
	atomic.StoreInt32(&stop, 1)
	close(ping)
	all.Wait()
}
