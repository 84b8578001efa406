// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	turns = 200
	// Processor time of this process, whatever else the machine does: far more than any
	// scheduler needs, and less than being stuck.
	bound = 3 * time.Second
)

var (
	stop int64
	all  sync.WaitGroup
)

func busy() {
	for atomic.LoadInt64(&stop) == 0 {
		runtime.Gosched()
	}
	all.Done()
}

func echo(fd net.Conn) {
	buf := make([]byte, 1)
	for {
		if _, err := fd.Read(buf); err != nil {
			break
		}
		_, err := fd.Write(buf)
		need(err == nil, "echo")
	}
	all.Done()
}

func used() time.Duration {
	var u syscall.Rusage
	need(syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil, "getrusage")
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func ask(fd net.Conn) {
	buf := []byte("x")
	for i := 0; i < turns; i++ {
		before := used()
		_, err := fd.Write(buf)
		need(err == nil, "write")
		_, err = fd.Read(buf)
		need(err == nil, "read")
		need(used()-before < bound, "in bounded time")
	}
}

func main() {
	a, b := connectPair()
	all.Add(1)
	go echo(b)
	ask(a)
	fmt.Println("idle processors: in bounded time")
	all.Add(8)
	for i := 0; i < 8; i++ {
		go busy()
	}
	ask(a)
	fmt.Println("busy processors: in bounded time")
	atomic.StoreInt64(&stop, 1)
	a.Close()
	all.Wait()
}
