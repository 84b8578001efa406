// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

const big = 100000

//go:noinline
func fall(above int) int {
	here := above + 1
	return fall(here) + here
}

//go:noinline
func fallFar(above byte) byte {
	var room [big]byte
	room[int(above)*100] = above + 1
	return fallFar(room[int(above)*100]) + room[0]
}

func falls() {
	defer func() {
		fmt.Fprintln(os.Stderr, "recovered", recover())
	}()
	if os.Args[1] == "big-frames" {
		fallFar(0)
	} else {
		fall(0)
	}
}

func main() {
	debug.SetMaxStack(32 << 20) // the usual gigabyte takes seconds
	fmt.Println("falls")
	if os.Args[1] == "main" {
		falls()
	}
	go falls()
	<-make(chan int)
}
