// SPDX-License-Identifier: BSD-3-Clause

// Many goroutines are made and have not begun when a collection does.  Each has one object, its
// argument, which nobody else has.  Some end at once, and leave what they had to the next one;
// the others wait for the end of the collection, and look again.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

const rounds = 25
const pairs = 400

var begun, over sync.WaitGroup
var gate chan bool

func stays(o *object) {
	need(isWhole(o, o.stamp), "an argument when its goroutine begins")
	begun.Done()
	<-gate
	need(isWhole(o, o.stamp) && o.stamp >= 0, "an argument after a collection")
	over.Done()
}

func ends(o *object) {
	need(isWhole(o, o.stamp), "an argument of a goroutine that ends at once")
}

func starter() {
	for i := int64(0); i < pairs; i++ {
		go stays(objectNew(i))
		go ends(objectNew(i))
	}
	runtime.GC()
}

func makeAndCollect() {
	gate = make(chan bool)
	begun.Add(pairs)
	over.Add(pairs)
	elsewhere(starter)
	begun.Wait()
	churn(4 * pairs)
	close(gate)
	over.Wait()
}

func main() {
	for i := 0; i < rounds; i++ {
		makeAndCollect()
	}
	fmt.Printf("%d times %d: whole\n", rounds, pairs)
}
