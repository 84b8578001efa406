// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	fd, _ := syscall.Open("/dev/null", syscall.O_RDWR, 0)
	fmt.Println("next descriptor", fd)
	if os.Args[1] == "panic" {
		panic("out of cheese")
	}
	os.Exit(10 + fd)
}
