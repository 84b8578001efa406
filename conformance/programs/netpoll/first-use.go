// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
)

const many = 64

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
