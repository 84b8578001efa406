// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync/atomic"
)

var cleaned int64

func cleans(arg *object) {
	need(arg == nil || isWhole(arg, 2), "a cleanup's argument")
	atomic.AddInt64(&cleaned, 1)
}

func refused(o *object) (was bool) {
	defer func() { was = recover() != nil }()
	cleanupAdd(o, cleans, o)
	return false
}

func main() {
	elsewhere(func() {
		o := objectNew(1)
		need(refused(o), "it is taken")
		fmt.Println("refused")
		need(isWhole(o, 1), "the object")
		cleanupAdd(o, cleans, objectNew(2))
		fmt.Println("another is taken")
	})
	need(collectUntil(&cleaned, 1), "the object stays")
	settle(2)
	need(atomic.LoadInt64(&cleaned) == 1, "both ran")
	fmt.Println("it ran")
}
