// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime/debug"
)

//go:noinline
func fall(above int) int {
	here := above + 1
	return fall(here) + here
}

func main() {
	debug.SetMaxStack(32 << 20) // the usual gigabyte takes seconds
	fmt.Println("falls")
	fall(0)
}
