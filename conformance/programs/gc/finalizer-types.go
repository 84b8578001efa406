// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const objectsOfAWay = 500

type stamped interface {
	whole() bool
}

type thing struct {
	*object
	number int64
}

func (t *thing) whole() bool {
	return isWhole(t.object, t.number)
}

var ran [4]int64
var ranAll int64

func saw(way int, s stamped) {
	need(s.whole(), "a finalizer's argument")
	atomic.AddInt64(&ran[way], 1)
	atomic.AddInt64(&ranAll, 1)
}

func objectOf(i int64) {
	t := &thing{objectNew(i), i}
	switch i % 4 {
	case 0:
		runtime.SetFinalizer(t, func(t *thing) { saw(0, t) })
	case 1:
		runtime.SetFinalizer(t, func(s stamped) { saw(1, s) })
	case 2:
		runtime.SetFinalizer(t, func(a interface{}) { saw(2, a.(*thing)) })
	case 3:
		runtime.SetFinalizer(t, func(t *thing) (*thing, error) {
			saw(3, t)
			return t, nil
		})
	}
}

func main() {
	elsewhere(func() {
		for i := int64(0); i < 4*objectsOfAWay; i++ {
			objectOf(i)
		}
	})
	need(collectUntil(&ranAll, 4*objectsOfAWay), "finalizers are missing")
	for way, name := range []string{"by its own type", "by a named interface", "by the empty interface", "with results"} {
		fmt.Printf("%s: %d\n", name, atomic.LoadInt64(&ran[way]))
	}
}
