// SPDX-License-Identifier: BSD-3-Clause

//go:build !faketime

package main

const (
	outFD     = 1
	clockCaps = ""

	isClockVirtual = false
)
