// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

func read(c net.Conn, size int) string {
	buf := make([]byte, size)
	n, err := c.Read(buf)
	if err == io.EOF && n == 0 {
		return "EOF"
	}
	need(err == nil, "read")
	return string(buf[:n])
}

func main() {
	a, b := connectPair()
	n, err := a.Write([]byte("hello"))
	need(n == 5 && err == nil && a.Close() == nil, "write")
	need(read(b, 3) == "hel", "first part")
	need(read(b, 8) == "lo", "second part")
	need(read(b, 8) == "EOF" && read(b, 8) == "EOF", "the end")
	b.Close()
	fmt.Println("eof: after the data")

	a, b = connectPair()
	n, err = a.Write([]byte("ask"))
	need(n == 3 && err == nil, "write")
	need(a.(*net.TCPConn).CloseWrite() == nil, "shutdown")
	need(read(b, 8) == "ask" && read(b, 8) == "EOF", "the asked end")
	n, err = b.Write([]byte("answer"))
	need(n == 6 && err == nil, "the other way")
	need(read(a, 8) == "answer", "answer")
	_, err = a.Write([]byte("x"))
	need(errors.Is(err, syscall.EPIPE), "a write after shutdown")
	need(a.(*net.TCPConn).CloseRead() == nil && read(a, 8) == "EOF", "read half")
	a.Close()
	b.Close()
	fmt.Println("half-close: the other half goes on")

	a, b = connectPair()
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		_, err := b.Read(make([]byte, 1))
		need(errors.Is(err, syscall.ECONNRESET), "a read of a reset connection")
		all.Done()
	}()
	time.Sleep(time.Millisecond)
	a.(*net.TCPConn).SetLinger(0)
	a.Close()
	all.Wait()
	fmt.Println("reset: an error")
}
