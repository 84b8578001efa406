// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
)

const many = 200
const block = 64 // objects of an array

var gone int64

func watch(o *object) *object {
	runtime.SetFinalizer(o, func(*object) { atomic.AddInt64(&gone, 1) })
	return o
}

func reset() {
	atomic.StoreInt64(&gone, 0)
}

var slices [many][]*object

func sliceParts() {
	reset()
	elsewhere(func() {
		for i := range slices {
			all := make([]*object, block)
			for k := range all {
				all[k] = watch(objectNew(int64(k)))
			}
			slices[i] = all[i%block : i%block+1]
		}
	})
	settle(1)
	churn(many * block)
	need(atomic.LoadInt64(&gone) == 0, "an element of a part's array is gone")
	for i, part := range slices {
		for k, o := range part[:cap(part)] {
			need(isWhole(o, int64(i%block+k)), "an element of a part's array")
		}
	}
	slices = [many][]*object{}
	need(collectUntil(&gone, many*block), "dropped slices stay")
	fmt.Println("slices: whole")
}

var texts [many]string

func text(i int) string {
	return strings.Repeat(string(rune('a'+i%26)), 1000+i)
}

func stringParts() {
	for i := range texts {
		whole := text(i)
		texts[i] = whole[i : i+500]
	}
	collect()
	for i := 0; i < many; i++ {
		text(i + 7)
	}
	for i, part := range texts {
		need(part == text(i)[:500], "a part of a string")
	}
	fmt.Println("strings: whole")
}

var empty [many][]object
var emptyTexts [many]string

// Arrays of whole blocks of the allocator: what follows one is another.
func emptyEnds() {
	reset()
	elsewhere(func() {
		for i := range empty {
			array := make([]object, 512)
			runtime.SetFinalizer(&array[0], func(*object) { atomic.AddInt64(&gone, 1) })
			empty[i] = array[len(array):]
			whole := text(i)
			emptyTexts[i] = whole[len(whole):]
		}
		for i := 0; i < many; i += 2 { // those between are neighbours
			empty[i] = nil
		}
	})
	need(collectUntil(&gone, many/2), "a neighbour is kept")
	for i, part := range empty {
		need(len(part) == 0 && emptyTexts[i] == "", "an empty part")
	}
	empty = [many][]object{}
	need(collectUntil(&gone, many), "dropped arrays stay")
	fmt.Println("empty ends: safe, neighbours are gone")
}

var plain = map[int]*object{}
var keyed = map[*object]int{}

func maps() {
	reset()
	elsewhere(func() {
		for i := 0; i < many; i++ {
			plain[i] = watch(objectNew(int64(i)))
			keyed[watch(objectNew(int64(i)))] = i
		}
	})
	settle(1)
	need(atomic.LoadInt64(&gone) == 0, "a map's entry is gone")
	elsewhere(func() {
		for i := 0; i < many; i += 2 {
			delete(plain, i)
		}
		for key, i := range keyed {
			need(isWhole(key, int64(i)), "a key")
			if i%2 == 0 {
				delete(keyed, key)
			}
		}
	})
	need(collectUntil(&gone, many), "deleted entries stay")
	settle(1)
	need(atomic.LoadInt64(&gone) == many, "an entry is gone that was not deleted")
	elsewhere(func() {
		for i := 1; i < many; i += 2 {
			need(isWhole(plain[i], int64(i)), "a value")
		}
	})
	need(len(plain) == many/2 && len(keyed) == many/2, "the length of a map")
	fmt.Println("maps: let go")
}

// The iteration alone knows the map.
func iterations() {
	sum := int64(0)
	for i, o := range func() map[int]*object {
		m := map[int]*object{}
		for i := 0; i < 1000; i++ {
			m[i] = objectNew(int64(i))
		}
		return m
	}() {
		if i%100 == 0 {
			collect()
			churn(1000)
		}
		need(isWhole(o, int64(i)), "a value in an iteration")
		sum += o.stamp
	}
	need(sum == 499500, "an iteration's sum")
	fmt.Println("iterations: whole")
}

func main() {
	sliceParts()
	stringParts()
	emptyEnds()
	maps()
	iterations()
}
