// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

const (
	many   = 10000
	mostKB = 16
)

func residentKB() int {
	var all, pages int
	text, _ := os.ReadFile("/proc/self/statm")
	fmt.Sscan(string(text), &all, &pages)
	return pages * os.Getpagesize() / 1024
}

func main() {
	over := make(chan int)
	var started sync.WaitGroup
	before := residentKB()
	started.Add(many)
	for i := 0; i < many; i++ {
		go func() {
			started.Done()
			<-over
		}()
	}
	started.Wait()
	fmt.Println(runtime.NumGoroutine()-1, "wait")
	if each := (residentKB() - before) / many; each < mostKB {
		fmt.Println("they are small")
	} else {
		fmt.Println(each, "KB each")
	}
}
