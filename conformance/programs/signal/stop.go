// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const children = 24

var spun int

// Sends itself a signal and takes its channel away meanwhile.
func child(role string) {
	c := subscribe(1, syscall.SIGTERM)
	send(syscall.SIGTERM)
	n, _ := strconv.Atoi(role)
	for i := n; i > 0 && i%2 == 0; i -= 2 {
		runtime.Gosched()
	}
	for i := n * 2000; i > 0; i-- {
		spun++
	}
	signal.Stop(c)
	select {
	case <-c:
		os.Exit(3)
	default:
	}
	time.Sleep(time.Second)
	os.Exit(4) // neither delivered nor dead
}

func main() {
	if len(os.Args) > 1 {
		child(os.Args[1])
	}
	delivered, died := 0, 0
	for i := 0; i < children; i++ {
		cmd := exec.Command("/proc/self/exe", strconv.Itoa(i))
		cmd.Run()
		status := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if status.Exited() && status.ExitStatus() == 3 {
			delivered++
		}
		if status.Signaled() && status.Signal() == syscall.SIGTERM {
			died++
		}
		need(delivered+died == i+1, "one of the two each time")
	}
	fmt.Println("stop: delivered or default, never lost")

	c, witness := subscribe(1, syscall.SIGUSR1), subscribe(1, syscall.SIGUSR1)
	signal.Stop(c)
	send(syscall.SIGUSR1)
	need(<-witness == syscall.SIGUSR1 && len(c) == 0, "nothing after stop")
	fmt.Println("stopped: nothing more")
}
