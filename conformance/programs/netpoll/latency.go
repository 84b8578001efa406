// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	turns = 200
	bound = time.Second // far from what any scheduler needs, near to being stuck
)

func need(ok bool, what string) {
	if !ok {
		fmt.Println("wrong:", what)
		os.Exit(1)
	}
}

// Both ends of a connection.
func connectPair() (net.Conn, net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	need(err == nil, "listen")
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	need(err == nil, "dial")
	server, err := listener.Accept()
	need(err == nil, "accept")
	return client, server
}

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

func ask(fd net.Conn) {
	buf := []byte("x")
	for i := 0; i < turns; i++ {
		before := time.Now()
		_, err := fd.Write(buf)
		need(err == nil, "write")
		_, err = fd.Read(buf)
		need(err == nil, "read")
		need(time.Since(before) < bound, "in bounded time")
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
