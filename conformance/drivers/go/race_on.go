// SPDX-License-Identifier: BSD-3-Clause

//go:build race

package main

// The detector is a C library, and a program that links C is never told that all its goroutines sleep.
const raceCaps = " race"
