// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const pointers = 300000
const farBytes = 1 << 20
const many = 300

// Three words, so that words of a bitmap begin with each of them.
type pattern struct {
	fake   int64
	o      *object
	number int64
}
type far struct {
	head    *object
	between [farBytes]byte
	tail    *object
}

// 201 words: of the first 198 each third one is a pointer, then all.
type third struct {
	o    *object
	rest [2]int64
}
type wide struct {
	thirds [66]third
	o      [3]*object
}

var array []*object
var patterns []pattern
var distant *far
var wides [many]*wide

func build() {
	array = make([]*object, pointers)
	for i := range array {
		array[i] = objectNew(int64(i))
	}
	patterns = make([]pattern, pointers)
	for i := range patterns {
		patterns[i] = pattern{int64(i * 8), objectNew(int64(i)), -1}
	}
	distant = new(far)
	for i := range distant.between {
		distant.between[i] = 0xff
	}
	distant.head = objectNew(1)
	distant.tail = objectNew(2)
	for k := range wides {
		wides[k] = new(wide)
		for i := range wides[k].thirds {
			wides[k].thirds[i].o = objectNew(int64(k*201 + i))
		}
		for i := range wides[k].o {
			wides[k].o[i] = objectNew(int64(k*201 + 198 + i))
		}
	}
}

func look() {
	for i, o := range array {
		need(isWhole(o, int64(i)), "an array")
	}
	fmt.Printf("an array of %d pointers: whole\n", pointers)
	for i, p := range patterns {
		need(isWhole(p.o, int64(i)) && p.number == -1, "a pattern")
	}
	fmt.Printf("%d elements with a pattern: whole\n", pointers)
	need(isWhole(distant.head, 1) && isWhole(distant.tail, 2), "before and behind")
	fmt.Println("a pointer before and behind 1 MB: whole")
	for k, w := range wides {
		for i := range w.thirds {
			need(isWhole(w.thirds[i].o, int64(k*201+i)), "a wide type")
		}
		for i := range w.o {
			need(isWhole(w.o[i], int64(k*201+198+i)), "a wide type")
		}
	}
	fmt.Println("types of more than 64 words: whole")
}

func main() {
	elsewhere(build)
	collect()
	churn(pointers)
	collect()
	elsewhere(look)
}
