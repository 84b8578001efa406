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
	calls = 1000
	many  = 1500000000 // seconds, which end the program where nothing else does
)

var (
	started, stop, ended int32
	over                 sync.WaitGroup
)

func hog() {
	for i := 0; i < calls; i++ {
		syscall.Syscall(syscall.SYS_GETPID, 0, 0, 0)
	}
	atomic.AddInt32(&started, 1)
	for i := 0; i < many && atomic.LoadInt32(&stop) == 0; i++ {
	}
	atomic.AddInt32(&ended, 1)
	over.Done()
}

func main() {
	hogs := int32(runtime.GOMAXPROCS(0))
	over.Add(int(hogs))
	for i := int32(0); i < hogs; i++ {
		go hog()
	}
	for atomic.LoadInt32(&started) < hogs {
		runtime.Gosched()
	}
	fmt.Println("main runs beside", hogs-atomic.LoadInt32(&ended), "loops")
	atomic.StoreInt32(&stop, 1)
	over.Wait()
}
