// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	waves    = 10
	readers  = 20
	constant = 12
)

var (
	pipes       [readers][2]int
	about, back int32
	all         sync.WaitGroup
)

func threads() int {
	list, _ := os.ReadDir("/proc/self/task")
	return len(list)
}

func reader(i int) {
	var byte [1]byte
	atomic.AddInt32(&about, 1)
	n, _ := syscall.Read(pipes[i][0], byte[:])
	atomic.AddInt32(&back, int32(n))
	all.Done()
}

func wave() int {
	atomic.StoreInt32(&about, 0)
	all.Add(readers)
	for i := 0; i < readers; i++ {
		go reader(i)
	}
	for atomic.LoadInt32(&about) < readers {
		runtime.Gosched()
	}
	most := threads()
	for i := range pipes {
		if n, _ := syscall.Write(pipes[i][1], []byte("x")); n != 1 {
			fmt.Println("cannot write")
		}
	}
	all.Wait()
	return most
}

func main() {
	most := 0
	for i := range pipes {
		if syscall.Pipe(pipes[i][:]) != nil {
			fmt.Println("no pipe")
		}
	}
	for i := 0; i < waves; i++ {
		if n := wave(); n > most {
			most = n
		}
	}
	fmt.Println(atomic.LoadInt32(&back), "calls returned")
	if most <= readers+runtime.GOMAXPROCS(0)+constant {
		fmt.Println("threads are bounded")
	} else {
		fmt.Println(most, "threads")
	}
}
