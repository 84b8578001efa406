// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
)

const many = 1000

var (
	ids     [2 * many]int
	counted sync.WaitGroup
)

// The first line of a stack tells the number: goroutine 7 [running]:
func goid() (id int) {
	var text [64]byte
	fmt.Sscanf(string(text[:runtime.Stack(text[:], false)]), "goroutine %d ", &id)
	return id
}

func stay(at *int, over chan int) {
	*at = goid()
	counted.Done()
	<-over
}

func main() {
	fmt.Println("main is", goid())
	for wave := 0; wave < 2; wave++ {
		over := make(chan int)
		counted.Add(many)
		for i := 0; i < many; i++ {
			go stay(&ids[wave*many+i], over)
		}
		counted.Wait()
		close(over)
		for runtime.NumGoroutine() > 1 {
			runtime.Gosched()
		}
	}
	differ := map[int]bool{}
	for _, id := range ids {
		if id > 1 {
			differ[id] = true
		}
	}
	fmt.Println(len(differ), "numbers differ")
}
