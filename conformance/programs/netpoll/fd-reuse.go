// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"net"
	"sync"
	"time"
)

const rounds = 300

var (
	fd  net.Conn
	all sync.WaitGroup
)

func reader() {
	buf := make([]byte, 1)
	n, err := fd.Read(buf)
	need(n == 1 && err == nil && buf[0] == 'b', "the new connection's own byte")
	all.Done()
}

// Each connection is closed with a deadline ahead and an event under way; the next one gets
// its number.
func main() {
	for i := 0; i < rounds; i++ {
		a, b := connectPair()
		a.SetDeadline(time.Now().Add(time.Duration(i%4) * time.Millisecond / 4))
		n, err := b.Write([]byte("a"))
		need(n == 1 && err == nil, "write")
		b.Close()
		a.Close()
		a, b = connectPair()
		fd = a
		all.Add(1)
		go reader()
		if i%20 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
		n, err = b.Write([]byte("b"))
		need(n == 1 && err == nil, "write")
		all.Wait()
		a.Close()
		b.Close()
	}
	fmt.Println("no event and no deadline of a former connection")
}
