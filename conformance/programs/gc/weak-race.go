// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
)

const weakCount = 2000
const readers = 4
const steps = 60000
const keptCount = 50 // objects that each reader has found and keeps for a while

var weaks [weakCount]weakObject
var lock [weakCount]sync.Mutex
var all sync.WaitGroup
var left int

func renew(i int) {
	weaks[i] = weakNew(objectNew(int64(i)))
}

// What was found is known to this goroutine alone, and put where it is read from again.
func reader(number int) {
	random := uint64(number)
	kept := make([]*object, keptCount)
	var numbers [keptCount]int
	for n := 0; n < steps; n++ {
		i, k := pick(&random, weakCount), pick(&random, keptCount)
		need(kept[k] == nil || isWhole(kept[k], int64(numbers[k])), "what was found")
		lock[i].Lock()
		o := weaks[i].Value()
		need(o == nil || isWhole(o, int64(i)), "a weak pointer")
		need(o == nil || weakNew(o) == weaks[i], "two weak pointers to one object")
		if o == nil {
			renew(i)
		}
		lock[i].Unlock()
		kept[k] = o
		numbers[k] = i
	}
	all.Done()
}

func readAll() {
	left = 0
	for i := range weaks {
		o := weaks[i].Value()
		need(o == nil || isWhole(o, int64(i)), "a weak pointer")
		if o != nil {
			left++
		}
	}
}

func main() {
	var c collecting
	for i := range weaks {
		renew(i)
	}
	all.Add(readers)
	for i := 0; i < readers; i++ {
		go reader(i)
	}
	c.begin()
	all.Wait()
	c.end()
	fmt.Println("whole or nothing")
	left = weakCount
	for n := 0; n < cycles && left > weakCount/100; n++ {
		collect()
		elsewhere(readAll)
	}
	need(left <= weakCount/100, "weak pointers keep objects")
	fmt.Println("nothing in the end")
}
