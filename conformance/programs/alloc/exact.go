// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

const count = 1000

var sizes = []int{32, 100, 512, 1000, 4096, 33000, 40000}
var kept [count + 1][]byte
var before, after runtime.MemStats

// The bytes that an object of this size has: growing uses all of them.
func sizeOf(size int) uint64 {
	return uint64(cap(append([]byte(nil), make([]byte, size)...)))
}

func oneSize(size int) {
	has := sizeOf(size)
	need(has >= uint64(size), "an object is smaller than it should be")
	runtime.ReadMemStats(&before)
	for i := 0; i < count; i++ {
		kept[i] = make([]byte, size)
	}
	runtime.ReadMemStats(&after)
	need(after.Mallocs-before.Mallocs == count, "number of objects")
	need(after.TotalAlloc-before.TotalAlloc == count*has, "bytes of objects")
	need(after.HeapObjects-before.HeapObjects == count, "live objects")
	need(after.HeapAlloc-before.HeapAlloc == count*has, "live bytes")
}

func main() {
	debug.SetGCPercent(-1)
	for _, size := range sizes {
		elsewhere(func() { oneSize(size) })
		collect()
	}
	fmt.Printf("sizes %d to %d: exact\n", sizes[0], sizes[len(sizes)-1])
	collect()
	runtime.ReadMemStats(&before)
	has := sizeOf(sizes[len(sizes)-1])
	for i := 0; i < count; i++ {
		kept[i] = nil
	}
	collect()
	runtime.ReadMemStats(&after)
	freed, bytes := after.Frees-before.Frees, before.HeapAlloc-after.HeapAlloc
	need(freed >= count && freed <= count+10, "number of objects freed") // the probe of the size, too
	need(bytes >= count*has && bytes <= count*has+3*has, "bytes freed")
	fmt.Println("after they were dropped: exact")
}
