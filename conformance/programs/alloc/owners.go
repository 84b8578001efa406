// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"sort"
	"unsafe"
)

const live = 3000
const steps = 30000

var all [][]byte

func stampOf(owner, size int) byte {
	return byte(owner*7 + size*13 + 1)
}

func own(i, size int) {
	all[i] = make([]byte, size)
	for k := range all[i] {
		all[i][k] = stampOf(i, size)
	}
}

func look(i int) {
	stamp := stampOf(i, len(all[i]))
	for _, b := range all[i] {
		need(b == stamp, "another owner's stamp")
	}
}

func address(b []byte) uintptr {
	return uintptr(unsafe.Pointer(&b[0]))
}

func allApart() {
	sorted := append([][]byte(nil), all...)
	sort.Slice(sorted, func(a, b int) bool { return address(sorted[a]) < address(sorted[b]) })
	for i := 1; i < len(sorted); i++ {
		need(address(sorted[i-1])+uintptr(len(sorted[i-1])) <= address(sorted[i]), "two overlap")
	}
	for i := range all {
		look(i)
	}
}

func roomFor(n int) {
	all = make([][]byte, n)
}

// Mostly small, some of many pages.
func anySize(random *uint64) int {
	most := 16 << pick(random, 13)
	if pick(random, 4) != 0 {
		most = 200
	}
	return 1 + pick(random, most)
}

func randomly() {
	random := uint64(1)
	roomFor(live)
	for i := range all {
		own(i, anySize(&random))
	}
	for n := 0; n < steps; n++ {
		i := pick(&random, live)
		look(i)
		own(i, anySize(&random))
	}
	allApart()
}

// Every size up to 2100, then those around all multiples of 512 up to 40 KB.
func everySize() {
	n := 0
	roomFor(2100 + 3*75)
	for size := 1; size <= 2100; size++ {
		own(n, size)
		n++
	}
	for k := 5; k < 80; k++ {
		for d := -1; d <= 1; d++ {
			own(n, k*512+d)
			n++
		}
	}
	allApart()
	collect()
	allApart()
}

func main() {
	if os.Args[1] == "random" {
		randomly()
	} else {
		everySize()
	}
	fmt.Println("every owner found its stamp")
}
