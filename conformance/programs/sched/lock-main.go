// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"syscall"
)

const rounds = 1000

var c = make(chan struct{})

func init() { runtime.LockOSThread() }

func echo() {
	for i := 0; i < rounds; i++ {
		<-c
	}
}

func where() string {
	if syscall.Gettid() == syscall.Getpid() {
		return "on the first thread"
	}
	return "elsewhere"
}

func main() {
	fmt.Println(where(), "at first")
	go echo()
	for i := 0; i < rounds; i++ {
		c <- struct{}{}
	}
	fmt.Println(where(), "after", rounds, "rounds")
}
