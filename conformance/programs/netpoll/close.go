// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"time"
)

const rounds = 100

var (
	fd       net.Conn
	listener net.Listener
	all      sync.WaitGroup
)

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }

func reader() {
	_, err := fd.Read(make([]byte, 1))
	need(isClosed(err), "a blocked read")
	all.Done()
}

func writer() {
	var err error
	for err == nil {
		_, err = fd.Write(make([]byte, 65536))
	}
	need(isClosed(err), "a blocked write")
	all.Done()
}

func accepter() {
	_, err := listener.Accept()
	need(isClosed(err), "a blocked accept")
	all.Done()
}

func main() {
	for i := 0; i < rounds; i++ {
		a, b := connectPair()
		fd = a
		var err error
		listener, err = net.Listen("tcp", "127.0.0.1:0")
		need(err == nil, "listen")
		all.Add(4)
		go reader()
		go reader()
		go writer()
		go accepter()
		for n := i % 5; n > 0; n-- {
			runtime.Gosched()
		}
		if i%10 == 0 {
			time.Sleep(time.Millisecond)
		}
		need(fd.Close() == nil && listener.Close() == nil, "close")
		all.Wait()
		need(isClosed(fd.Close()), "the second close")
		need(isClosed(listener.Close()), "the second close of a listener")
		_, err = fd.Read(make([]byte, 1))
		need(isClosed(err), "a read after it")
		_, err = fd.Write([]byte("x"))
		need(isClosed(err), "a write after it")
		need(isClosed(fd.SetReadDeadline(time.Time{})), "a deadline after it")
		_, err = listener.Accept()
		need(isClosed(err), "an accept after it")
		b.Close()
	}
	fmt.Println("closed: everybody woke, once")
}
