// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const hogs = 3

var (
	stop, started, ended int32
	sum                  int64
)

func plain() {
	n := 0
	atomic.AddInt32(&started, 1)
	for atomic.LoadInt32(&stop) == 0 {
		n++
	}
	atomic.AddInt32(&ended, 1)
}

func atomics() {
	atomic.AddInt32(&started, 1)
	for atomic.LoadInt32(&stop) == 0 {
		atomic.AddInt64(&sum, 1)
	}
	atomic.AddInt32(&ended, 1)
}

func begin(hog func()) {
	stop, started, ended = 0, 0, 0
	for i := 0; i < hogs; i++ {
		go hog()
	}
	for atomic.LoadInt32(&started) < hogs {
		runtime.Gosched()
	}
}

func end(what string) {
	atomic.StoreInt32(&stop, 1)
	for atomic.LoadInt32(&ended) < hogs {
		runtime.Gosched()
	}
	fmt.Println(what)
}

func main() {
	begin(plain)
	end("plain loops ended")
	begin(atomics)
	end("atomic loops ended")
	begin(plain)
	runtime.GOMAXPROCS(3) // needs a stopped world
	runtime.GOMAXPROCS(1)
	end("procs changed")
}
