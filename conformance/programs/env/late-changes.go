// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	before := runtime.GOMAXPROCS(0)
	os.Setenv("GOMAXPROCS", "3")
	c := make(chan bool)
	go func() { c <- true }()
	<-c
	fmt.Printf("%d before, %d after\n", before, runtime.GOMAXPROCS(0))
}
