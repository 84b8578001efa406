// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

const readers = 20

var (
	pipes         [readers][2]int
	home          string
	about, atHome int32
	goOn          = make(chan struct{})
	all           sync.WaitGroup
)

// The system call, and not os.Getwd, which remembers.
func cwd() string {
	var buffer [4096]byte
	n, err := syscall.Getcwd(buffer[:])
	if err != nil {
		return err.Error()
	}
	return string(buffer[:n-1])
}

func look() {
	if cwd() == home {
		atomic.AddInt32(&atHome, 1)
	}
}

// Each holds a thread, so that new ones must be started.
func reader(i int) {
	var byte [1]byte
	look()
	atomic.AddInt32(&about, 1)
	if n, _ := syscall.Read(pipes[i][0], byte[:]); n == 1 {
		look()
	}
	all.Done()
}

// Its thread gets a working directory of its own; then it starts all others.
func mover() {
	runtime.LockOSThread()
	if syscall.Unshare(syscall.CLONE_FS) != nil || syscall.Chdir("/") != nil {
		fmt.Println("cannot move")
	}
	for i := 0; i < readers; i++ {
		go reader(i)
	}
	for atomic.LoadInt32(&about) < readers {
		runtime.Gosched()
	}
	if cwd() != home {
		fmt.Println("the locked one has moved")
	}
	for i := range pipes {
		if n, _ := syscall.Write(pipes[i][1], []byte("x")); n != 1 {
			fmt.Println("cannot write")
		}
	}
	all.Wait()
	goOn <- struct{}{}
}

func main() {
	home = cwd()
	if home == "/" {
		fmt.Println("start this elsewhere")
	}
	for i := range pipes {
		if syscall.Pipe(pipes[i][:]) != nil {
			fmt.Println("no pipe")
		}
	}
	all.Add(readers)
	go mover()
	<-goOn
	fmt.Println(atomic.LoadInt32(&atHome), "others are where the program started")
}
