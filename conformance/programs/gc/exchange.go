// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync/atomic"
)

// A way to take the object of a holder out of it, and to put one into a new holder.
type exchange[H any] struct {
	name string
	take func(h H) *object
	put  func(h H, o *object)
}

func (x *exchange[H]) move(table []H, i int, fresh H, isRenewed bool) {
	o := x.take(table[i])
	need(o != nil && isWhole(o, int64(i)), x.name)
	if isRenewed {
		o = objectNew(int64(i))
	}
	x.put(fresh, o)
	table[i] = fresh
}

// Holders of a table, each with the only pointer to its object, are exchanged for fresh ones at
// random: so many times, and while so many collections are not over.
func (x *exchange[H]) run(table []H, fresh func(i int) H, steps int, collections int64) {
	var c collecting
	random := uint64(1)
	c.begin()
	for n := 0; n < steps || atomic.LoadInt64(&c.cycles) < collections; n++ {
		i := pick(&random, len(table))
		x.move(table, i, fresh(i), pick(&random, 8) == 0)
	}
	c.end()
	for i := range table {
		x.move(table, i, fresh(i), false)
	}
	fmt.Println(x.name + ": whole")
}
