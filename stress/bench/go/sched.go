// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"runtime"
	"sync"
)

func yieldAmong(n, goroutines int) {
	var all sync.WaitGroup
	yields := (n + goroutines - 1) / goroutines
	all.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func() {
			for i := 0; i < yields; i++ {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	all.Wait()
}

const batchSize = 100000

func spawnBatch(n int) {
	var all sync.WaitGroup
	for left := n; left > 0; left -= batchSize {
		batch := batchSize
		if left < batchSize {
			batch = left
		}
		all.Add(batch)
		for i := 0; i < batch; i++ {
			go all.Done()
		}
		all.Wait()
	}
}

func spawnJoin(n int) {
	var one sync.WaitGroup
	for i := 0; i < n; i++ {
		one.Add(1)
		go one.Done()
		one.Wait()
	}
}

var schedBenches = []bench{
	{name: "yield-2", work: func(n int) { yieldAmong(n, 2) }},
	{name: "yield-10000", work: func(n int) { yieldAmong(n, 10000) }},
	{name: "spawn-batch", work: spawnBatch},
	{name: "spawn-join", work: spawnJoin},
}
