// SPDX-License-Identifier: BSD-3-Clause

//go:build faketime

package main

import "syscall"

const (
	clockCaps      = " faketime"
	isClockVirtual = true
)

// In this build the runtime frames what goes to descriptors 1 and 2; a duplicate gets it plain.
var outFD = func() int {
	fd, err := syscall.Dup(1)
	if err != nil {
		syscall.Exit(2)
	}
	return fd
}()
