// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"syscall"
	"time"
)

const rounds, limitKB = 1000000, 64 << 10

func echo(c chan int) {
	for i := 0; i < rounds; i++ {
		c <- i
	}
}

func main() {
	var before, after syscall.Rusage
	c := make(chan int)
	lost := 0
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	go echo(c)
	for i := 0; i < rounds; i++ {
		t := time.NewTimer(time.Hour)
		select {
		case <-t.C:
		case <-c:
			lost++
		}
		t.Stop()
	}
	fmt.Println(lost, "timeouts lost")
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	if after.Maxrss-before.Maxrss < limitKB {
		fmt.Println("memory is bounded")
	} else {
		fmt.Println(after.Maxrss-before.Maxrss, "KB more")
	}
}
