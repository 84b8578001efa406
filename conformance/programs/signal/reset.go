// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	c, witness := subscribe(1, syscall.SIGTERM), subscribe(1, syscall.SIGUSR1)
	send(syscall.SIGTERM)
	need(<-c == syscall.SIGTERM, "notify")
	need(!signal.Ignored(syscall.SIGTERM), "not ignored")
	signal.Ignore(syscall.SIGTERM)
	need(signal.Ignored(syscall.SIGTERM), "ignored")
	for i := 0; i < 10; i++ {
		send(syscall.SIGTERM)
		send(syscall.SIGUSR1)
		need(<-witness == syscall.SIGUSR1, "alive")
	}
	need(len(c) == 0, "nothing for c")
	fmt.Println("ignored: nothing happens")
	signal.Notify(c, syscall.SIGTERM)
	need(!signal.Ignored(syscall.SIGTERM), "notify again")
	send(syscall.SIGTERM)
	need(<-c == syscall.SIGTERM, "delivered again")
	fmt.Println("notify: no longer ignored")
	signal.Reset(syscall.SIGTERM)
	send(syscall.SIGTERM)
	time.Sleep(time.Minute)
}
