// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const short = 10
const long = 50000
const ringCount = 100

var ended int64

func collections() int64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.NumGC)
}

func ends(o *object) {
	need(isWhole(o, atomic.LoadInt64(&ended)), "not in order")
	need(o.next == nil || isWhole(o.next, o.stamp+1), "the next one is gone before")
	atomic.AddInt64(&ended, 1)
}

func chain(n int64) {
	var head *object
	for i := n - 1; i >= 0; i-- {
		o := objectNew(i)
		o.next = head
		runtime.SetFinalizer(o, ends)
		head = o
	}
}

func rings() {
	for i := 0; i < ringCount; i++ {
		a, b := objectNew(-1), objectNew(-2)
		a.next = b
		b.next = a
		runtime.SetFinalizer(a, ends)
		runtime.SetFinalizer(b, ends)
	}
}

// A chain of so many, until the first n of it have ended.
func endsFrom(length, n int64) {
	before := collections()
	atomic.StoreInt64(&ended, 0)
	elsewhere(func() { chain(length) })
	for k := int64(1); k <= n; k++ {
		need(collectUntil(&ended, k), "a chain does not go on")
		need(atomic.LoadInt64(&ended) <= collections()-before, "too many at once")
	}
}

func main() {
	endsFrom(short, short)
	fmt.Println(short, "links ended in order, one in a collection")
	endsFrom(long, 3)
	fmt.Printf("a chain of %d: no more than one in a collection\n", long)
	elsewhere(rings)
	collect()
	churn(1000)
	collect()
	fmt.Println("rings: no harm")
}
