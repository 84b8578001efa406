// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

const rounds = 1000000000 // half a second or more: as good as never

var (
	reading, seen, late int32
	from, to            *os.File
	all                 sync.WaitGroup
)

func reader() {
	var b [1]byte
	atomic.StoreInt32(&reading, 1)
	if n, _ := from.Read(b[:]); n == 1 {
		atomic.StoreInt32(&seen, 1)
	}
	all.Done()
}

func hog(writes bool) {
	if writes {
		if n, _ := to.Write([]byte("x")); n != 1 {
			atomic.StoreInt32(&late, 1)
		}
	}
	for n := int64(0); atomic.LoadInt32(&seen) == 0 && atomic.LoadInt32(&late) == 0; n++ {
		if n == rounds {
			atomic.StoreInt32(&late, 1)
		}
	}
	all.Done()
}

func main() {
	hogs := runtime.GOMAXPROCS(0)
	var err error
	if from, to, err = os.Pipe(); err != nil {
		return
	}
	all.Add(hogs + 1)
	go reader()
	for atomic.LoadInt32(&reading) == 0 {
		runtime.Gosched()
	}
	runtime.Gosched()
	for i := hogs - 1; i >= 0; i-- {
		go hog(i == 0)
	}
	all.Wait()
	if atomic.LoadInt32(&late) != 0 {
		fmt.Println("not noticed")
	} else {
		fmt.Println("noticed")
	}
}
