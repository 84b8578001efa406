// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	readers = 20
	spin    = 10000000
)

var (
	pipes            [readers][2]int
	about, back, sum int32
	all              sync.WaitGroup
	sink             int
)

func reader(i int) {
	var byte [1]byte
	atomic.AddInt32(&about, 1)
	n, _ := syscall.Read(pipes[i][0], byte[:])
	atomic.AddInt32(&back, int32(n))
	atomic.AddInt32(&sum, int32(byte[0]))
	all.Done()
}

func main() {
	all.Add(readers)
	for i := range pipes {
		if syscall.Pipe(pipes[i][:]) == nil {
			go reader(i)
		}
	}
	for atomic.LoadInt32(&about) < readers {
		runtime.Gosched()
	}
	fmt.Println(atomic.LoadInt32(&about), "are about to block")
	for i := readers - 1; i >= 0; i-- {
		if n, _ := syscall.Write(pipes[i][1], []byte{byte(i + 1)}); n != 1 {
			fmt.Println("cannot write")
		}
	}
	for i := 0; i < spin; i++ {
		sink += i // they return now, to a busy processor
	}
	all.Wait()
	fmt.Printf("%d came back, sum %d\n", atomic.LoadInt32(&back), atomic.LoadInt32(&sum))
}
