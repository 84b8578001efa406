// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const turns = 3000

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

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout() && errors.Is(err, os.ErrDeadlineExceeded)
}

var (
	conn  net.Conn
	other net.Conn // kept: a connection that nobody holds is closed
	stop  int64
	done  int64
	all   sync.WaitGroup
)

func reader() {
	buf := make([]byte, 1)
	for atomic.LoadInt64(&stop) == 0 {
		_, err := conn.Read(buf)
		need(isTimeout(err), "read")
		atomic.AddInt64(&done, 1)
	}
	all.Done()
}

func main() {
	conn, other = connectPair()
	all.Add(2)
	go reader()
	go reader()
	for i := 0; i < turns; i++ {
		before := atomic.LoadInt64(&done)
		conn.SetReadDeadline(time.Time{})
		conn.SetReadDeadline(time.Now().Add(time.Duration(i%4) * 5 * time.Microsecond))
		if i%100 == 0 {
			for atomic.LoadInt64(&done) == before {
				time.Sleep(time.Microsecond)
			}
		}
	}
	atomic.StoreInt64(&stop, 1)
	conn.SetReadDeadline(time.Unix(1, 0))
	all.Wait()
	fmt.Println("nobody got stuck")
}
