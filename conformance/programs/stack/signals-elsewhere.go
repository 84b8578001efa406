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
	room    = 512
)

var (
	stop int32
	kept int64
	all  sync.WaitGroup
)

// Fills frames to a changing depth and looks whether they are full on the way back.
//
//go:noinline
func fill(n int) (bad int) {
	var full [room]byte
	for i := range full {
		full[i] = byte(n + i)
	}
	if n > 0 {
		bad = fill(n - 1)
	}
	for i := range full {
		if full[i] != byte(n+i) {
			bad++
		}
	}
	return bad
}

func member() {
	bad := 0
	for n := 0; atomic.LoadInt32(&stop) == 0; n = (n + 1) % depth {
		bad += fill(n)
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
