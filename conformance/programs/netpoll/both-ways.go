// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

const (
	size    = 6 << 20
	readers = 3
)

// Several readers of one end: which one gets a byte is open, that one does is not.
type way struct {
	from, to net.Conn
	sum      uint64
	expected uint64
}

var all sync.WaitGroup

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func (w *way) write() {
	bytes := make([]byte, 100000)
	for sent, part := 0, 1; sent < size; part = part*7%99991 + 1 {
		part = min(part, size-sent)
		for i := range bytes[:part] {
			bytes[i] = byte(uint32(sent+i) * 2654435761 >> 24)
			w.expected += uint64(bytes[i])
		}
		n, err := w.from.Write(bytes[:part])
		need(n == part && err == nil, "write")
		sent += part
	}
	need(w.from.(*net.TCPConn).CloseWrite() == nil, "shutdown")
	all.Done()
}

func (w *way) read() {
	buf := make([]byte, 70000)
	var sum, count uint64
	for part := 1; ; part = part*5%69991 + 1 {
		n, err := w.to.Read(buf[:part])
		for _, b := range buf[:n] {
			sum += uint64(b)
		}
		count += uint64(n)
		if err != nil {
			need(err == io.EOF, "the end")
			break
		}
	}
	atomic.AddUint64(&w.sum, sum+count<<40)
	all.Done()
}

func main() {
	a, b := connectPair()
	ways := []*way{{from: a, to: b}, {from: b, to: a}}
	for _, w := range ways {
		all.Add(1 + readers)
		go w.write()
		for n := 0; n < readers; n++ {
			go w.read()
		}
	}
	all.Wait()
	for _, w := range ways {
		need(w.sum == w.expected+size<<40, "all bytes, each once")
	}
	fmt.Println("both ways: all bytes, each once")
}
