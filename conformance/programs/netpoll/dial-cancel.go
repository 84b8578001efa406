// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"syscall"
	"time"
)

const fillers = 4

// A listener whose queue is full: connections to it stay under way.
func stuckListener() string {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	need(err == nil, "socket")
	need(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}) == nil, "bind")
	need(syscall.Listen(fd, 0) == nil, "listen")
	at, err := syscall.Getsockname(fd)
	need(err == nil, "port")
	return fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
}

func main() {
	address := stuckListener()
	var kept []net.Conn
	for i := 0; i < fillers; i++ {
		c, err := net.DialTimeout("tcp", address, 5*time.Millisecond)
		if err == nil {
			kept = append(kept, c)
		}
	}
	before := runtime.NumGoroutine()
	for i := 0; i < 5; i++ {
		when := time.Now().Add(5 * time.Millisecond)
		_, err := (&net.Dialer{Deadline: when}).Dial("tcp", address)
		e, ok := err.(net.Error)
		need(ok && e.Timeout(), "timeout")
		need(!time.Now().Before(when), "not early")
	}
	fmt.Println("timeout: not early")
	for i := 0; i < 5; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Millisecond, cancel)
		_, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		need(err != nil && errors.Is(ctx.Err(), context.Canceled), "cancelled")
	}
	fmt.Println("cancelled: at once")
	for runtime.NumGoroutine() > before {
		runtime.Gosched()
	}
	fmt.Println("nothing left behind")
	runtime.KeepAlive(kept)
}
