// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	a, b := subscribe(8, syscall.SIGUSR1), subscribe(8, syscall.SIGUSR1)
	signal.Notify(b, syscall.SIGUSR2)
	for i := 0; i < 3; i++ {
		send(syscall.SIGUSR1)
		need(<-a == syscall.SIGUSR1 && <-b == syscall.SIGUSR1, "a copy each")
	}
	send(syscall.SIGUSR2)
	need(<-b == syscall.SIGUSR2 && len(a) == 0, "only for b")
	fmt.Println("several channels: a copy each")

	full, none := subscribe(1, syscall.SIGUSR1), subscribe(0, syscall.SIGUSR1)
	for i := 0; i < 3; i++ {
		send(syscall.SIGUSR1)
		need(<-a == syscall.SIGUSR1 && <-b == syscall.SIGUSR1, "others get it")
	}
	signal.Stop(full) // all of them have been sent by now
	signal.Stop(none)
	need(len(full) == 1, "one in, two dropped")
	fmt.Println("no room: dropped")

	every := make(chan os.Signal, 1)
	signal.Notify(every)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP,
		syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGALRM, syscall.SIGTSTP} {
		send(sig)
		for {
			got := <-every
			if got == syscall.SIGURG { // the runtime's own
				continue
			}
			need(got == sig, "no longer the default")
			break
		}
	}
	fmt.Println("all: none kills")
}
