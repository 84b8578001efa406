// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const objects = 4000
const each = 4 // the last of them is stopped
const ringCount = 200000
const bound = 64 << 20

var runs [objects * each]int64
var allRuns, finalized, after, ringsGone int64

func cleans(o *object) {
	need(o.stamp >= 0 && o.stamp < objects*each && isWhole(o, o.stamp), "a cleanup's argument")
	atomic.AddInt64(&runs[o.stamp], 1)
	atomic.AddInt64(&allRuns, 1)
}

func build() {
	for i := int64(0); i < objects; i++ {
		var c cleanup
		o := objectNew(i)
		for k := int64(0); k < each; k++ { // at its start, and inside
			if k%2 == 0 {
				c = cleanupAdd(o, cleans, objectNew(i*each+k))
			} else {
				c = cleanupInside(&o.body[1], cleans, objectNew(i*each+k))
			}
		}
		c.Stop()
		runtime.KeepAlive(o)
	}
}

func once() {
	elsewhere(build)
	need(collectUntil(&allRuns, objects*(each-1)), "cleanups are missing")
	settle(2)
	for i := range runs {
		need(atomic.LoadInt64(&runs[i]) == 1 != (i%each == each-1), "not once, or stopped")
	}
	fmt.Println(allRuns, "cleanups ran once")
	fmt.Println(objects, "were stopped")
}

func withBoth() {
	o := objectNew(1)
	cleanupAdd(o, func(arg *object) {
		need(isWhole(arg, 2) && atomic.LoadInt64(&finalized) == 1, "a finalizer comes after")
		atomic.AddInt64(&after, 1)
	}, objectNew(2))
	runtime.SetFinalizer(o, func(o *object) {
		need(isWhole(o, 1) && atomic.LoadInt64(&after) == 0, "a cleanup went before")
		atomic.AddInt64(&finalized, 1)
	})
}

func rings() {
	var s runtime.MemStats
	for i := 0; i < ringCount; i++ {
		a, b := objectNew(-3), objectNew(-4)
		a.next = b
		b.next = a
		cleanupAdd(a, func(*object) { atomic.AddInt64(&ringsGone, 1) }, nil)
		if i%1000 == 0 {
			runtime.ReadMemStats(&s)
			need(s.HeapInuse < bound, "rings with cleanups stay")
		}
	}
}

func main() {
	once()
	elsewhere(withBoth)
	need(collectUntil(&after, 1), "a cleanup after a finalizer is missing")
	fmt.Println("a finalizer first")
	elsewhere(rings)
	need(collectUntil(&ringsGone, ringCount), "rings are missing")
	fmt.Println("rings are gone, in bounded memory")
}
