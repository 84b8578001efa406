// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
)

const workers = 4
const rounds = 20
const objects = 1500 // of each small size, a round

var sizes = []int{16, 48, 112, 1024, 8192, 100000}
var over sync.WaitGroup
var last [workers][]byte

// Of large ones fewer.
func countOf(size int) int {
	if size <= 112 {
		return objects
	}
	return objects*16/size + 1
}

func allocates(number int) {
	for round := 0; round < rounds; round++ {
		for _, size := range sizes {
			for i := countOf(size); i > 0; i-- {
				last[number] = make([]byte, size)
			}
		}
		runtime.Gosched()
	}
	last[number] = nil
	over.Done()
}

// What a class adds to a size is no more than a quarter.
func compare(a, b *runtime.MemStats) {
	n, bytes := uint64(0), uint64(0)
	for _, size := range sizes {
		count := uint64(countOf(size) * rounds * workers)
		n += count
		bytes += count * uint64(size)
	}
	made, took := b.Mallocs-a.Mallocs, b.TotalAlloc-a.TotalAlloc
	need(made >= n && made <= n+1000, "objects are not what was made")
	need(took >= bytes && took <= bytes+bytes/4, "bytes are not what was made")
}

func main() {
	var a, b, c runtime.MemStats
	collect()
	runtime.ReadMemStats(&a)
	over.Add(workers)
	for i := 0; i < workers; i++ {
		go allocates(i)
	}
	over.Wait()
	runtime.ReadMemStats(&b)
	compare(&a, &b)
	fmt.Println("what was made is counted")
	collect()
	runtime.ReadMemStats(&c)
	need(c.Frees-a.Frees+1000 >= b.Mallocs-a.Mallocs, "objects are not freed")
	need(c.HeapObjects <= a.HeapObjects+1000, "more objects than at first")
	need(c.HeapAlloc <= a.HeapAlloc+1<<20, "more bytes than at first")
	fmt.Println("what was freed is counted")
}
