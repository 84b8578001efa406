// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const size = 64 << 20 // more than the buffers of both sides hold

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

func main() {
	a, b := connectPair()
	a.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	sent, err := a.Write(make([]byte, size))
	need(isTimeout(err), "a write nobody reads")
	need(sent > 0 && sent < size, "a part went out")
	fmt.Println("write: timeout after a part")
	need(a.Close() == nil, "close")
	got, err := io.Copy(io.Discard, b)
	need(err == nil && got == int64(sent), "as much arrives as was reported")
	fmt.Println("arrived: exactly that part")
}
