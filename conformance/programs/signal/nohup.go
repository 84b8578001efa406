// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os/signal"
	"syscall"
)

func main() {
	witness := subscribe(1, syscall.SIGUSR1)
	need(signal.Ignored(syscall.SIGHUP) && signal.Ignored(syscall.SIGINT), "ignored at the start")
	need(!signal.Ignored(syscall.SIGTERM), "not ignored")
	for i := 0; i < 5; i++ {
		send(syscall.SIGHUP)
		send(syscall.SIGINT)
		send(syscall.SIGUSR1)
		need(<-witness == syscall.SIGUSR1, "alive")
	}
	fmt.Println("ignored at the start: still is")
	c := subscribe(1, syscall.SIGHUP)
	send(syscall.SIGHUP)
	need(<-c == syscall.SIGHUP, "asked for")
	fmt.Println("asked for: delivered")
}
