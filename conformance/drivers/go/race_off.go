// SPDX-License-Identifier: BSD-3-Clause

//go:build !race

package main

const raceCaps = " deadlock"
