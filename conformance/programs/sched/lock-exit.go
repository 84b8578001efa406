// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	times   = 20
	lookers = 8
)

var (
	tids   = make(chan int)
	looked sync.WaitGroup
)

func init() { runtime.LockOSThread() }

func endsLocked() {
	runtime.LockOSThread()
	tids <- syscall.Gettid()
}

// look needs a thread beside that of main.
func look(dead int, used *int32) {
	pause := syscall.NsecToTimespec(100000)
	syscall.Nanosleep(&pause, nil)
	if syscall.Gettid() == dead {
		atomic.StoreInt32(used, 1)
	}
	looked.Done()
}

// isGone waits until the thread is gone, or somebody was seen on it.
func isGone(dead int) bool {
	var used int32
	path := fmt.Sprint("/proc/self/task/", dead)
	for atomic.LoadInt32(&used) == 0 {
		if _, err := os.Stat(path); err != nil {
			return true
		}
		looked.Add(lookers)
		for i := 0; i < lookers; i++ {
			go look(dead, &used)
		}
		looked.Wait()
	}
	return false
}

// Main is locked too, so that no other goroutine gets the first thread.
func others() {
	gone := 0
	for i := 0; i < times; i++ {
		go endsLocked()
		if isGone(<-tids) {
			gone++
		}
	}
	fmt.Println(gone, "threads are gone")
}

func livesOn() {
	<-tids
	for runtime.NumGoroutine() > 1 {
		runtime.Gosched()
	}
	time.Sleep(time.Millisecond)
	fmt.Println("the others live on")
	os.Exit(0)
}

func main() {
	if os.Args[1] == "others" {
		others()
		return
	}
	go livesOn()
	fmt.Println("main has ended")
	tids <- 0
	runtime.Goexit()
}
