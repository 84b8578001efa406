// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

const values = 1000
const rounds = 100
const bound = 32 << 20

var kept [values]canon

func text(i int) string {
	return strings.Repeat("x", 100) + strconv.Itoa(i)
}

func main() {
	var s runtime.MemStats
	for i := range kept {
		kept[i] = canonical(text(i))
	}
	for i := 0; i < rounds; i++ {
		for k := 0; k < values; k++ {
			canonical(text(values + i*values + k)) // nobody keeps these
		}
		collect()
		runtime.ReadMemStats(&s)
		need(s.HeapInuse < bound, "entries without handles stay")
	}
	for i := range kept {
		need(kept[i] == canonical(text(i)) && kept[i].Value() == text(i), "equal")
		need(kept[i] != canonical(text(i+1)), "different")
	}
	fmt.Println("equal and different")
	fmt.Println("bounded")
}
