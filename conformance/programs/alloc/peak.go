// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"
	"unsafe"
)

const peakMB = 128
const keptEach = 5000 // each so many-th object is kept

var list, kept *object

func residentMB() int {
	var size, pages int
	text, err := os.ReadFile("/proc/self/statm")
	need(err == nil, "statm")
	fmt.Sscan(string(text), &size, &pages)
	return pages * os.Getpagesize() >> 20
}

func peak() {
	for i := 0; i < peakMB<<20/int(unsafe.Sizeof(*list)); i++ {
		o := objectNew(int64(i))
		at := &list
		if i%keptEach == 0 {
			at = &kept
		}
		o.next = *at
		*at = o
	}
}

func look() {
	for o := kept; o != nil; o = o.next {
		isNext := o.next == nil && o.stamp == 0 || o.next != nil && o.next.stamp == o.stamp-keptEach
		need(o.stamp%keptEach == 0 && isWhole(o, o.stamp) && isNext, "an object that is kept")
	}
	fmt.Println("what is kept is whole")
}

func main() {
	before := residentMB()
	elsewhere(peak)
	need(residentMB()-before >= peakMB, "it is not resident")
	fmt.Println("the peak is resident")
	list = nil
	collect()
	if os.Args[1] == "asked" {
		debug.FreeOSMemory()
		need(residentMB()-before < peakMB/4, "most of it is resident still")
		fmt.Println("most of it is not any more")
		look()
		return
	}
	collect() // what is to be kept is reckoned from the last collections
	for residentMB()-before > peakMB-peakMB/16 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("some of it is not any more")
	look()
}
