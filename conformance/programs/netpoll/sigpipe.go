// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
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

func main() {
	a, b := connectPair()
	need(a.(*net.TCPConn).CloseWrite() == nil, "shutdown")
	_, err := a.Write([]byte("x"))
	need(errors.Is(err, syscall.EPIPE) && b.Close() == nil, "a socket")
	r, w, err := os.Pipe()
	need(err == nil && r.Close() == nil, "pipe")
	_, err = w.Write([]byte("x"))
	need(errors.Is(err, syscall.EPIPE), "a pipe")
	fmt.Println("broken: an error")
	if len(os.Args) == 1 {
		return
	}
	r, w, err = os.Pipe()
	need(err == nil && syscall.Dup3(int(w.Fd()), 1, 0) == nil, "standard output")
	r.Close()
	w.Close()
	os.Stdout.Write([]byte("x"))
}
