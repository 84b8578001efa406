// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
)

func init() {
	switch os.Args[1] {
	case "panic":
		panic("out of cheese")
	case "deadlock":
		<-make(chan int)
	case "goexit":
		go func() {
			for i := 0; i < 100; i++ {
				runtime.Gosched()
			}
			fmt.Println("another goroutine goes on")
		}()
		runtime.Goexit()
	}
}

func main() {
	fmt.Println("main runs")
}
