// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

const (
	size    = 1000
	few     = 10
	many    = 100
	slackKB = 30000
)

var batch sync.WaitGroup

//go:noinline
func leave() {
	var room [8000]byte
	room[0], room[os.Getpid()%100+7000] = 1, 1
	batch.Done()
	if room[0] == 1 {
		runtime.Goexit()
	}
}

func member() { leave() }

func batches(n int) {
	for i := 0; i < n; i++ {
		batch.Add(size)
		for k := 0; k < size; k++ {
			go member()
		}
		batch.Wait()
		for runtime.NumGoroutine() > 1 {
			runtime.Gosched()
		}
	}
}

func residentKB() int {
	var all, pages int
	text, _ := os.ReadFile("/proc/self/statm")
	fmt.Sscan(string(text), &all, &pages)
	return pages * os.Getpagesize() / 1024
}

func main() {
	batches(few)
	fmt.Println(runtime.NumGoroutine(), "goroutine is left")
	before := residentKB()
	batches(many)
	if grown := residentKB() - before; grown < slackKB {
		fmt.Println("the process did not grow")
	} else {
		fmt.Println("it grew by", grown, "KB")
	}
}
