// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

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
