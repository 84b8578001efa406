// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

const garbage = 100 << 20 // of each kind
const bound = 64 << 20

// A child knows its parent, a parent its children.
type relative struct {
	parent     *relative
	child      [2]*relative
	generation int64
}

var last unsafe.Pointer

func list() int {
	var first *object
	for i := 0; i < 1000; i++ {
		o := objectNew(int64(i))
		o.next = first
		first = o
	}
	return 1000 * int(unsafe.Sizeof(*first))
}

func ring() int {
	last := objectNew(0)
	first := last
	for i := 1; i < 100; i++ {
		o := objectNew(int64(i))
		o.next = first
		first = o
	}
	last.next = first
	return 100 * int(unsafe.Sizeof(*last))
}

func family(parent *relative, generations int64) *relative {
	r := &relative{parent: parent, generation: generations}
	for i := 0; i < 2 && generations > 0; i++ {
		r.child[i] = family(r, generations-1)
	}
	return r
}

func families() int {
	r := family(nil, 9)
	return 1023 * int(unsafe.Sizeof(*r))
}

func block() int {
	p := make([]unsafe.Pointer, 10000)
	for i := range p {
		p[i] = unsafe.Pointer(&p[0])
	}
	last = p[0]
	return 10000 * int(unsafe.Sizeof(p[0]))
}

func endless(name string, build func() int) {
	var s runtime.MemStats
	made := 0
	for n := 0; made < garbage; n++ {
		made += build()
		if n%64 != 0 {
			continue
		}
		runtime.ReadMemStats(&s)
		need(s.HeapInuse < bound, name)
	}
	fmt.Println(name + ": bounded")
}

func main() {
	elsewhere(func() { endless("lists", list) })
	elsewhere(func() { endless("rings", ring) })
	elsewhere(func() { endless("families", families) })
	elsewhere(func() { endless("blocks", block) })
}
