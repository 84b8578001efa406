// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

const crowd = 2000

var (
	listener   net.Listener
	asked, all sync.WaitGroup
	start      = make(chan int)
)

func serveOne(fd net.Conn) {
	buf := make([]byte, 64)
	for {
		n, err := fd.Read(buf)
		if err != nil {
			need(err == io.EOF && fd.Close() == nil, "end of echo")
			return
		}
		_, err = fd.Write(buf[:n])
		need(err == nil, "echo")
	}
}

func serve() {
	for {
		fd, err := listener.Accept()
		if err != nil {
			return
		}
		go serveOne(fd)
	}
}

func ask(mine uint64) {
	fd, err := net.Dial("tcp", listener.Addr().String())
	need(err == nil, "dial")
	for turn := 0; turn < 2; turn++ {
		mine += 1000000
		need(binary.Write(fd, binary.LittleEndian, mine) == nil, "ask")
		var got uint64
		need(binary.Read(fd, binary.LittleEndian, &got) == nil && got == mine, "answer")
		if turn == 0 {
			asked.Done()
			<-start
		}
	}
	fd.Close()
	all.Done()
}

func threads() int {
	list, err := os.ReadDir("/proc/self/task")
	need(err == nil, "threads")
	return len(list)
}

func main() {
	var err error
	listener, err = net.Listen("tcp", "127.0.0.1:0")
	need(err == nil, "listen")
	go serve()
	asked.Add(crowd)
	all.Add(crowd)
	for i := uint64(0); i < crowd; i++ {
		go ask(i)
	}
	asked.Wait()
	how := "many"
	if threads() < 50 {
		how = "few threads"
	}
	fmt.Printf("%d connections wait, on %s\n", crowd, how)
	close(start)
	all.Wait()
	fmt.Println("all echoed")
}
