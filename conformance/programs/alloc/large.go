// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

const mb = 1 << 20
const looks = 61 // bytes of each that are looked at, and its last

var large []byte

func build(bytes int) {
	large = make([]byte, bytes)
	for i := 0; i < bytes; i += bytes / looks {
		need(large[i] == 0, "not zero")
	}
	need(large[bytes-1] == 0, "not zero at the end")
	for i := 0; i < bytes; i += bytes / looks {
		large[i] = byte(i%100 + 1)
	}
	large[bytes-1] = 77
}

func look(bytes int) {
	for i := 0; i < bytes-1; i += bytes / looks {
		need(large[i] == byte(i%100+1), "not what was written")
	}
	need(large[bytes-1] == 77, "not what was written at the end")
	large = nil
}

// What the heap has from the system and has not given back.
func held() int {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.HeapSys - s.HeapReleased)
}

func main() {
	sizes := []int{1, 17, 64, 300, 1025}
	for i, size := range sizes {
		elsewhere(func() { build(size * mb) })
		collect()
		elsewhere(func() { look(size * mb) })
		fmt.Println(size, "MB")
		if i < 4 {
			continue
		}
		before := held()
		debug.FreeOSMemory()
		need(before-held() >= 1000*mb, "it stays with the process")
	}
	fmt.Println("what was dropped is the system's again")
}
