// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
)

const live = 8 << 20 // bytes
const phases = 16    // sizes come twice

var kept [][]byte

// In each phase every other object of the last one is dropped at first, the rest when the new
// ones are there: what is free lies scattered.
func phase(number int) {
	size := []int{48, 3000, 200, 20000, 96, 70000, 1000, 16}[number%8]
	fresh := make([][]byte, live/size)
	for i := 0; i < len(kept); i += 2 {
		kept[i] = nil
	}
	for i := range fresh {
		fresh[i] = make([]byte, size)
	}
	kept = fresh
}

var top int

// The most that the heap has had from the system after the phases so far.
func most(phases int) int {
	var s runtime.MemStats
	for i := 0; i < phases; i++ {
		elsewhere(func() { phase(i) })
		runtime.ReadMemStats(&s)
		if held := int(s.HeapSys - s.HeapReleased); held > top {
			top = held
		}
	}
	return top
}

func main() {
	atFirst, later := most(phases), most(3*phases)
	if later > 3*atFirst {
		fmt.Println(atFirst>>20, "MB at first, then", later>>20)
	} else {
		fmt.Println("the heap does not grow from phase to phase")
	}
}
