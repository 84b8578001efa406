// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"sync"
)

const (
	workers = 8
	lines   = 100
)

func main() {
	var all sync.WaitGroup
	all.Add(workers)
	for i := 0; i < workers; i++ {
		go func(i int) {
			for n := 0; n < lines; n++ {
				println("worker", i, "says", 12345, true, "and no more")
			}
			all.Done()
		}(i)
	}
	all.Wait()
	os.Exit(3) // nothing that waits in a buffer would be written now
}
