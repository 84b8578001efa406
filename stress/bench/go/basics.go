// SPDX-License-Identifier: BSD-3-Clause

// Command basics tells what the commonest operations cost: `basics NAME OPS` does one of them OPS times and prints
// nanoseconds for one; `basics version` prints Go's version.
//
// It is the other side of ../basics.c, loop by loop the same: a tenth of the work comes before the clock starts, and the
// number of processors is the environment's (GOMAXPROCS).
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"time"
)

func pingPong(n int) {
	there, back := make(chan int64), make(chan int64)
	go func() {
		for i := 0; i < n; i++ {
			back <- <-there
		}
	}()
	v := int64(1)
	for i := 0; i < n; i++ {
		there <- v
		v = <-back
	}
}

func buffered(n int) {
	c := make(chan int64, 16)
	v := int64(1)
	for i := 0; i < n; i++ {
		c <- v
		v = <-c
	}
}

func spawnJoin(n int) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go wg.Done()
		wg.Wait()
	}
}

func select2Ready(n int) {
	a, b := make(chan int64, 1), make(chan int64, 1)
	a <- 1
	b <- 1
	for i := 0; i < n; i++ {
		select {
		case v := <-a:
			a <- v
		case v := <-b:
			b <- v
		}
	}
}

func mutex(n int) {
	var m sync.Mutex
	for i := 0; i < n; i++ {
		m.Lock()
		m.Unlock()
	}
}

var basics = map[string]func(n int){
	"ping-pong":      pingPong,
	"buffered":       buffered,
	"spawn-join":     spawnJoin,
	"select-2-ready": select2Ready,
	"mutex":          mutex,
}

func usage() {
	names := []string{}
	for name := range basics {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintln(os.Stderr, "usage: basics NAME OPS, OPS from 1 to 1000000000, NAME one of", names)
	os.Exit(2)
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(runtime.Version())
		return
	}
	if len(os.Args) != 3 {
		usage()
	}
	work, ops := basics[os.Args[1]], 0
	if n, err := strconv.Atoi(os.Args[2]); err == nil {
		ops = n
	}
	if work == nil || ops < 1 || ops > 1000000000 {
		usage()
	}
	work(ops/10 + 1)
	start := time.Now()
	work(ops)
	fmt.Printf("%.2f\n", float64(time.Since(start).Nanoseconds())/float64(ops))
}
