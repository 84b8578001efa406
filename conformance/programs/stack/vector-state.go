// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
)

const (
	members = 8
	terms   = 2000000
)

type sums struct{ c, s, t float64 }

var (
	found [members]sums
	all   sync.WaitGroup
)

// Many values are live in registers at once; half of the members yield now and then, the
// others can only be preempted.
func series(k int, yields bool) sums {
	a, b, c := float64(k+1), 0.5*float64(k), 0.0
	v, w, s := float64(k), 1/float64(k+1), 0.0
	x, y, t := float64(k)+0.25, 0.75, 0.0
	for i := 1; i <= terms; i++ {
		c += a/float64(i) - b
		b = b*0.999 + 1e-3
		s += v * w
		t += x * y
		v = v*0.9999 + 1e-4
		x = x*0.9999 + 2e-4
		if yields && i%100000 == 0 {
			runtime.Gosched()
		}
	}
	return sums{c, s, t}
}

func main() {
	all.Add(members)
	for k := 0; k < members; k++ {
		go func(k int) {
			found[k] = series(k, k%2 == 0)
			all.Done()
		}(k)
	}
	all.Wait()
	right := 0
	for k := range found {
		if found[k] == series(k, false) {
			right++
		}
	}
	fmt.Println(right, "sums are right")
}
