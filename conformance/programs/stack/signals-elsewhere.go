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
	members = 4
	signals = 2000
	depth   = 40
	full    = 250 // levels: some 150 KB in steps that are smaller than a signal's frame
	room    = 512
)

var (
	stop int32
	kept int64
	all  sync.WaitGroup
)

// Fills frames to a changing depth, where a signal may be asked for, and looks whether they are full on the way back.
//
//go:noinline
func fill(n int, asks bool) (bad int) {
	var frame [room]byte
	for i := range frame {
		frame[i] = byte(n + i)
	}
	if n > 0 {
		bad = fill(n-1, asks)
	} else if asks {
		syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGURG))
	}
	for i := range frame {
		if frame[i] != byte(n+i) {
			bad++
		}
	}
	return bad
}

func member() {
	bad := 0
	for n := 0; n < full; n++ {
		bad += fill(n, true)
	}
	for n := 0; atomic.LoadInt32(&stop) == 0; n = (n + 1) % depth {
		bad += fill(n, false)
		runtime.Gosched()
	}
	if bad == 0 {
		atomic.AddInt64(&kept, 1)
	}
	all.Done()
}

func main() {
	all.Add(members)
	for i := 0; i < members; i++ {
		go member()
	}
	for i := 0; i < signals; i++ {
		syscall.Kill(syscall.Getpid(), syscall.SIGURG)
		if i%4 == 0 {
			runtime.Gosched()
		}
	}
	fmt.Println(signals, "signals sent")
	atomic.StoreInt32(&stop, 1)
	all.Wait()
	fmt.Println(atomic.LoadInt64(&kept), "goroutines kept their stacks")
}
