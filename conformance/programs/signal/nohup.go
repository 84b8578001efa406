// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

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
