// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
)

const locked = 4

func need(ok bool, what string) {
	if !ok {
		fmt.Println("wrong:", what)
		os.Exit(1)
	}
}

func send(sig syscall.Signal) {
	need(syscall.Kill(os.Getpid(), sig) == nil, "kill")
}

func subscribe(room int, sigs ...os.Signal) chan os.Signal {
	c := make(chan os.Signal, room)
	signal.Notify(c, sigs...)
	return c
}

var (
	start = make(chan int)
	all   sync.WaitGroup
)

// Sends from its own thread.
func sender() {
	runtime.LockOSThread()
	<-start
	for i := 0; i < 50; i++ {
		send(syscall.SIGUSR1)
	}
	runtime.UnlockOSThread()
	all.Done()
}

func main() {
	runtime.LockOSThread()
	usr1 := subscribe(1, syscall.SIGUSR1)
	all.Add(locked)
	for i := 0; i < locked; i++ {
		go sender()
	}
	send(syscall.SIGUSR1)
	need(<-usr1 == syscall.SIGUSR1, "from a locked thread")
	close(start)
	need(<-usr1 == syscall.SIGUSR1, "from other locked threads")
	all.Wait()
	fmt.Println("delivered, whichever thread there is")
}
