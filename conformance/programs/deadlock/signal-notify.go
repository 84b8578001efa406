// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	usr1 := make(chan os.Signal, 1)
	done := make(chan int)
	if len(os.Args) == 1 {
		signal.Notify(usr1, syscall.SIGUSR1)
	}
	go func() {
		<-usr1
		close(done)
	}()
	fmt.Println("ready")
	<-done
	fmt.Println("woken by a signal")
}
