// SPDX-License-Identifier: BSD-3-Clause
package main

const levelBytes = 200 // of each level, at least

// Each level keeps something that it needs after the levels below it have returned.
//
//go:noinline
func descend(n int) uint64 {
	var kept [levelBytes]byte
	kept[n%levelBytes] = byte(n)
	kept[(n+1)%levelBytes] = byte(n >> 8)
	var below uint64
	if n > 0 {
		below = descend(n - 1)
	}
	return below + uint64(kept[n%levelBytes]) + 256*uint64(kept[(n+1)%levelBytes])
}

func isSumRight(levels int) bool {
	return descend(levels) == uint64(levels)*uint64(levels+1)/2
}
