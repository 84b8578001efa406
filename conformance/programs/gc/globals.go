// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const many = 1000

var single *object
var several [many]*object
var shape = struct {
	number int64
	o      *object
	inner  struct {
		text [9]byte
		o    [2]*object
	}
}{number: 7}

// The initial value: a global refers to a global, and that to an object.
var behind struct{ o *object }
var before = &behind

var outside = map[string][]*object{"eight": make([]*object, 8)} // not in the global's own words
var handle any
var gone int64

func watched(stamp int64) *object {
	o := objectNew(stamp)
	runtime.SetFinalizer(o, func(*object) { atomic.AddInt64(&gone, 1) })
	return o
}

func build() {
	single = watched(1)
	for i := range several {
		several[i] = watched(int64(i))
	}
	shape.o = watched(2)
	shape.inner.o = [2]*object{watched(3), watched(4)}
	before.o = watched(5)
	for i := range outside["eight"] {
		outside["eight"][i] = watched(int64(10 + i))
	}
	handle = watched(20)
}

func look() {
	need(isWhole(single, 1), "a variable")
	for i, o := range several {
		need(isWhole(o, int64(i)), "an array")
	}
	need(isWhole(shape.o, 2) && shape.number == 7, "a structure")
	need(isWhole(shape.inner.o[0], 3) && isWhole(shape.inner.o[1], 4), "a nested one")
	need(isWhole(before.o, 5), "an initial value")
	fmt.Println("a variable, an array, a structure, a nested one, an initial value: whole")
	for i, o := range outside["eight"] {
		need(isWhole(o, int64(10+i)), "memory of another kind")
	}
	need(isWhole(handle.(*object), 20), "a handle")
	fmt.Println("memory of another kind: whole")
}

func drop() {
	single = nil
	several = [many]*object{}
	shape.o = nil
	shape.inner.o = [2]*object{}
	before.o = nil
	delete(outside, "eight")
	handle = nil
}

func main() {
	elsewhere(build)
	settle(2)
	churn(5 * many)
	need(atomic.LoadInt64(&gone) == 0, "an object is gone that a variable has")
	elsewhere(look)
	elsewhere(drop)
	need(collectUntil(&gone, many+14), "what was dropped stays")
	fmt.Println("all are gone when they are dropped")
}
