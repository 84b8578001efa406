// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return
	}
	defer func() {
		fmt.Fprintln(os.Stderr, "recovered", recover())
	}()
	fmt.Println("touches it")
	page[0] = 1
}
