// SPDX-License-Identifier: BSD-3-Clause

// Goroutines that wait to send objects.  Nobody has those but the record of who waits: their
// addresses were in a table that was cleared since.
package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
)

const waiters = 100

var table [waiters]*object
var market = make(chan *object)
var never = make(chan bool)
var over sync.WaitGroup

func fill() {
	for i := range table {
		table[i] = objectNew(int64(i))
	}
}

//go:noinline
func sendFrom(i int) {
	o := table[i] // else the place in the table is read when somebody receives
	market <- o
}

//go:noinline
func selectFrom(i int) {
	o := table[i]
	select {
	case market <- o:
	case <-never:
	}
}

func waiter(i int) {
	if i%2 == 0 {
		sendFrom(i)
	} else {
		selectFrom(i)
	}
	over.Done()
}

// How many wait for a channel, by a dump of all goroutines.
func waiting() int {
	text := make([]byte, 1<<20)
	dump := string(text[:runtime.Stack(text, true)])
	return strings.Count(dump, " [chan send") + strings.Count(dump, " [select")
}

func drop() {
	table = [waiters]*object{}
}

func main() {
	elsewhere(fill)
	over.Add(waiters)
	for i := range table {
		go waiter(i)
	}
	for waiting() < waiters {
		runtime.Gosched()
	}
	elsewhere(drop)
	for i := 0; i < 3; i++ {
		collect()
	}
	churn(20 * waiters)
	sum := int64(0)
	for i := 0; i < waiters; i++ {
		o := <-market
		need(isWhole(o, o.stamp) && o.stamp >= 0, "what was to be sent")
		sum += o.stamp
	}
	need(sum == waiters*(waiters-1)/2, "what was to be sent")
	over.Wait()
	fmt.Printf("%d who wait to send: whole\n", waiters)
}
