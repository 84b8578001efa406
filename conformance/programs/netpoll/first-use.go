// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"net"
	"os"
	"sync"
)

const many = 64

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
	ready, all sync.WaitGroup
	start      = make(chan int)
)

func first() {
	ready.Done()
	<-start
	a, b := connectPair()
	buf := make([]byte, 1)
	_, err := a.Write([]byte("x"))
	need(err == nil, "write")
	n, err := b.Read(buf)
	need(n == 1 && err == nil && buf[0] == 'x', "read")
	a.Close()
	b.Close()
	all.Done()
}

func main() {
	ready.Add(many)
	all.Add(many)
	for i := 0; i < many; i++ {
		go first()
	}
	ready.Wait()
	close(start)
	all.Wait()
	fmt.Println("all were first")
}
