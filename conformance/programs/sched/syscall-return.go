// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	callers   = 4
	callsEach = 500
	steps     = 20000
)

var (
	inside, calls, overlaps int32
	over                    sync.WaitGroup
)

// compute makes no call, so nobody is preempted there.
func compute() {
	if atomic.AddInt32(&inside, 1) != 1 {
		atomic.AddInt32(&overlaps, 1)
	}
	for i := 0; i < steps && atomic.LoadInt32(&inside) == 1; i++ {
	}
	if atomic.AddInt32(&inside, -1) != 0 {
		atomic.AddInt32(&overlaps, 1)
	}
}

// caller makes short calls, for which the processor is kept, and some that lose it.
func caller() {
	shortly := syscall.Timespec{Nsec: 200000}
	for i := 0; i < callsEach; i++ {
		if i%16 == 0 {
			syscall.Nanosleep(&shortly, nil)
		} else {
			syscall.Syscall(syscall.SYS_GETPID, 0, 0, 0)
		}
		compute()
		atomic.AddInt32(&calls, 1)
	}
	over.Done()
}

func main() {
	over.Add(callers)
	for i := 0; i < callers; i++ {
		go caller()
	}
	for atomic.LoadInt32(&calls) < callers*callsEach {
		compute()
		runtime.Gosched()
	}
	over.Wait()
	if n := atomic.LoadInt32(&overlaps); n != 0 {
		fmt.Println(n, "times two at once")
	} else {
		fmt.Println(atomic.LoadInt32(&calls), "calls, never two at once")
	}
}
