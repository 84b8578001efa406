// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const turns = 3000

var (
	conn  net.Conn
	other net.Conn // kept: a connection that nobody holds is closed
	stop  int64
	done  int64
	all   sync.WaitGroup
)

func reader() {
	buf := make([]byte, 1)
	for atomic.LoadInt64(&stop) == 0 {
		_, err := conn.Read(buf)
		need(isTimeout(err), "read")
		atomic.AddInt64(&done, 1)
	}
	all.Done()
}

func main() {
	conn, other = connectPair()
	all.Add(2)
	go reader()
	go reader()
	for i := 0; i < turns; i++ {
		before := atomic.LoadInt64(&done)
		conn.SetReadDeadline(time.Time{})
		conn.SetReadDeadline(time.Now().Add(time.Duration(i%4) * 5 * time.Microsecond))
		if i%100 == 0 {
			for atomic.LoadInt64(&done) == before {
				time.Sleep(time.Microsecond)
			}
		}
	}
	atomic.StoreInt64(&stop, 1)
	conn.SetReadDeadline(time.Unix(1, 0))
	all.Wait()
	fmt.Println("nobody got stuck")
}
