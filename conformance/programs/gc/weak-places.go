// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

var global object
var globalByte byte
var back *object
var first, second weakObject
var inside, insideToo weakByte
var ended int64

func byteOf(o *object) *byte {
	return (*byte)(unsafe.Pointer(&o.body[1]))
}

func build() {
	o := objectNew(9)
	first = weakNew(o)
	second = weakNew(o)
	inside = weakInside(byteOf(o))
	insideToo = weakInside((*byte)(unsafe.Pointer(o)))
	need(first == second && inside != insideToo, "equal and different")
	need(first.Value() == o && inside.Value() == byteOf(o), "values")
	runtime.SetFinalizer(o, func(o *object) {
		need(isWhole(o, 9), "an object")
		need(first.Value() == nil && inside.Value() == nil, "not dead before")
		back = o
		atomic.AddInt64(&ended, 1)
	})
}

func main() {
	ofGlobal, ofByte := weakNew(&global), weakInside(&globalByte)
	collect()
	need(ofGlobal.Value() == &global && ofByte.Value() == &globalByte, "a global is gone")
	fmt.Println("a global stays")
	ofNothing := weakInside((*byte)(unsafe.Pointer(new([0]byte))))
	collect()
	ofNothing.Value() // either
	fmt.Println("no bytes: no harm")
	need(weakNew(nil) == weakObject{} && weakObject{}.Value() == nil, "nil")
	fmt.Println("nil is nil")
	elsewhere(build)
	fmt.Println("equal and different")
	need(collectUntil(&ended, 1), "a finalizer is missing")
	need(first.Value() == nil && isWhole(back, 9), "it lives again")
	need(first == second && inside != insideToo, "equal and different after death")
	fmt.Println("dead before its finalizer, equal still")
}
