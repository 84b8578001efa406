// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"net"
	"time"
)

func main() {
	a, b := connectPair()
	buf := make([]byte, 8)
	when := time.Now().Add(10 * time.Millisecond)
	a.SetReadDeadline(when)
	n, err := a.Read(buf)
	need(n == 0 && isTimeout(err), "read past its deadline")
	need(!time.Now().Before(when), "not before it")
	fmt.Println("read: timeout, not early")

	n, err = a.Write([]byte("x"))
	need(n == 1 && err == nil, "write of the other half")
	a.SetWriteDeadline(time.Now().Add(-time.Millisecond))
	_, err = a.Write([]byte("x"))
	need(isTimeout(err), "write past its deadline")
	fmt.Println("halves: independent")

	n, err = b.Write([]byte("abc"))
	need(n == 3 && err == nil, "write")
	a.SetDeadline(time.Time{})
	n, err = a.Read(buf[:1])
	need(n == 1 && err == nil, "read without a deadline")
	n, err = a.Write([]byte("x"))
	need(n == 1 && err == nil, "write without a deadline")
	fmt.Println("zero: usable again")

	a.SetDeadline(time.Now().Add(-time.Millisecond))
	n, err = a.Read(buf)
	need(n == 0 && isTimeout(err), "read with data at hand")
	_, err = a.Write([]byte("x"))
	need(isTimeout(err), "write of both")
	fmt.Println("past: timeout with data at hand, both halves")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	need(err == nil, "listen")
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(2 * time.Millisecond))
	_, err = listener.Accept()
	need(isTimeout(err), "accept past its deadline")
	fmt.Println("accept: timeout")
}
