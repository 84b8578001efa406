// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"runtime"
	"sync"
)

func mutex(n int) {
	var m sync.Mutex
	for i := 0; i < n; i++ {
		m.Lock()
		m.Unlock()
	}
}

// fightAmong lets some goroutines take one lock, n times in all; with yields, each yields while it holds the lock.
func fightAmong(n, goroutines int, yields bool) {
	var m sync.Mutex
	var all sync.WaitGroup
	each, count := (n+goroutines-1)/goroutines, 0
	fight := func() {
		for i := 0; i < each; i++ {
			m.Lock()
			count++
			m.Unlock()
		}
		all.Done()
	}
	hold := func() {
		for i := 0; i < each; i++ {
			m.Lock()
			count++
			runtime.Gosched()
			m.Unlock()
		}
		all.Done()
	}
	all.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		if yields {
			go hold()
		} else {
			go fight()
		}
	}
	all.Wait()
	if count != each*goroutines {
		panic("lost count")
	}
}

var syncBenches = []bench{
	{name: "mutex", work: mutex},
	{name: "mutex-16", work: func(n int) { fightAmong(n, 16, false) }},
	{name: "mutex-1000", work: func(n int) { fightAmong(n, 1000, false) }},
	{name: "mutex-yield", work: func(n int) { fightAmong(n, 8, true) }},
}
