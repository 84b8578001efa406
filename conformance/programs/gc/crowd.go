// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

const goroutines = 100000

var goOn = make(chan bool)
var there, over sync.WaitGroup
var whole int64

func waiter(number int64) {
	mine := objectNew(number)
	there.Done()
	<-goOn
	if isWhole(mine, number) {
		atomic.AddInt64(&whole, 1)
	}
	over.Done()
}

func main() {
	there.Add(goroutines)
	over.Add(goroutines)
	for i := int64(0); i < goroutines; i++ {
		go waiter(i)
	}
	there.Wait()
	collect()
	churn(2 * goroutines)
	collect()
	close(goOn)
	over.Wait()
	fmt.Println(whole, "goroutines found theirs")
}
