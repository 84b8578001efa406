// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
)

// Of these each one depends on the next, through a function.
var (
	third  = second() + 1
	middle = first + 1
	first  = 1
	ran    = make(chan bool)
	seen   int
)

func second() int { return middle }

func goid() (id int) {
	var text [64]byte
	fmt.Sscanf(string(text[:runtime.Stack(text[:], false)]), "goroutine %d ", &id)
	return id
}

func init() {
	fmt.Println(third, middle, first)
	fmt.Println("first on", goid())
	seen += 10
	go func() { ran <- true }()
	go func() { <-make(chan int) }()
}

func init() {
	fmt.Println("second on", goid())
	seen += 2
	<-ran
	fmt.Println("a goroutine of init has run")
}

func main() {
	fmt.Println("main on", goid(), "sees", seen)
	for runtime.NumGoroutine() > 2 {
		runtime.Gosched()
	}
	fmt.Println("one is left behind")
}
