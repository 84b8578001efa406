// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
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

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout() && errors.Is(err, os.ErrDeadlineExceeded)
}

var (
	conn  net.Conn
	other net.Conn // kept: a connection that nobody holds is closed
	over  = make(chan time.Time)
)

func reader() {
	_, err := conn.Read(make([]byte, 1))
	need(isTimeout(err), "the reader's result")
	over <- time.Now()
}

func main() {
	conn, other = connectPair()
	for i := 0; i < 5; i++ {
		first := time.Now().Add(5 * time.Millisecond)
		conn.SetReadDeadline(first)
		go reader()
		time.Sleep(time.Duration(i) * time.Millisecond / 2)
		when := time.Now().Add(15 * time.Millisecond)
		conn.SetReadDeadline(when)
		inTime := time.Now().Before(first)
		need(!(<-over).Before(when) || !inTime, "the later deadline holds")
	}
	fmt.Println("extended: not early")

	for i := 0; i < 5; i++ {
		conn.SetReadDeadline(time.Now().Add(time.Hour))
		go reader()
		time.Sleep(time.Duration(i) * time.Millisecond / 2)
		conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		<-over
	}
	fmt.Println("shortened: wakes")

	for i := 0; i < 5; i++ {
		conn.SetReadDeadline(time.Time{})
		go reader()
		time.Sleep(time.Duration(i) * time.Millisecond / 2)
		conn.SetReadDeadline(time.Now().Add(-time.Millisecond))
		<-over
	}
	fmt.Println("past: wakes")
}
