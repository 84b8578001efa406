// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime/debug"
	"syscall"
)

const readers = 30

func main() {
	first := debug.SetMaxThreads(12)
	fmt.Printf("the limit was %d, then %d\n", first, debug.SetMaxThreads(12))
	var pipes [2]int
	if syscall.Pipe(pipes[:]) != nil {
		return
	}
	for i := 0; i < readers; i++ {
		go func() {
			var byte [1]byte
			syscall.Read(pipes[0], byte[:])
		}()
	}
	<-make(chan int)
}
