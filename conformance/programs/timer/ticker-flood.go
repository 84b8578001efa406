// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

const tickers, ticks, nworkers, steps = 8, 500, 4, 5000

var listeners, workers sync.WaitGroup

func listen(t *time.Ticker) {
	for i := 0; i < ticks; i++ {
		<-t.C
	}
	listeners.Done()
}

func work() {
	for i := 0; i < steps; i++ {
		runtime.Gosched()
	}
	time.Sleep(time.Millisecond)
	workers.Done()
}

func main() {
	var ticker [tickers]*time.Ticker
	listeners.Add(tickers)
	workers.Add(nworkers)
	for i := range ticker {
		ticker[i] = time.NewTicker(time.Duration(1 + i))
		go listen(ticker[i])
	}
	for i := 0; i < nworkers; i++ {
		go work()
	}
	listeners.Wait()
	fmt.Println("all tickers ticked")
	workers.Wait()
	fmt.Println("the others got their work done")
	for _, t := range ticker {
		t.Stop()
	}
	fmt.Println("stopped")
}
