// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"time"
)

func adder(c chan int) {
	time.Sleep(time.Microsecond)
	c <- 3
}

// Goroutines, timers and threads work; the status tells it where no stream can.
func main() {
	c := make(chan int)
	go adder(c)
	go adder(c)
	sum := <-c + <-c
	fmt.Println("runs")
	os.Exit(sum + 1)
}
