// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"time"
)

var caught int

func note(wanted string) {
	err, ok := recover().(error)
	need(ok && err.Error() == "runtime error: "+wanted, "the panic's value")
	caught++
}

func load(p *int) int {
	defer note("invalid memory address or nil pointer dereference")
	return *p
}

func divide(n int) int {
	defer note("integer divide by zero")
	return 1 / n
}

func main() {
	for i := 0; i < 100; i++ {
		load(nil)
		divide(0)
	}
	need(caught == 200, "each one is a panic")
	fmt.Println("its own faults: panics")
	time.Sleep(time.Minute)
}
