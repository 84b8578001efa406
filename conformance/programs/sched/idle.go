// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"syscall"
	"time"
)

const sleep = 400 * time.Millisecond

func used() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func main() {
	c := make(chan int)
	for i := 0; i < 100; i++ {
		go func() { <-c }()
	}
	time.Sleep(20 * time.Millisecond)
	before := used()
	time.Sleep(sleep)
	if spent := used() - before; spent < sleep/10 {
		fmt.Println("idle")
	} else {
		fmt.Println("used", spent, "of", sleep)
	}
}
