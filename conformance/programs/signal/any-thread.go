// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
)

const locked = 4

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
