// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"net"
	"time"
)

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
