// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package main

import (
	"fmt"
	"syscall"
	"unsafe"
)

const piece = 64 << 20    // what the allocator takes at a time, at least
const occupied = 64 << 30 // the addresses behind what it has
const noReplace = 1 << 20 // MAP_FIXED_NOREPLACE
const chunk = 8 << 20
const chunks = 24

var first *[4096]byte
var kept [chunks][]byte

func addressOf(b *byte) uintptr {
	return uintptr(unsafe.Pointer(b))
}

func main() {
	first = new([4096]byte)
	at := addressOf(&first[0])&^(piece-1) + piece
	flags := uintptr(syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_NORESERVE | noReplace)
	got, _, errno := syscall.Syscall6(syscall.SYS_MMAP, at, occupied, syscall.PROT_NONE, flags, ^uintptr(0), 0)
	need(errno == 0 && got == at, "the addresses behind the heap are not free")
	isElsewhere := false
	for i := range kept {
		kept[i] = make([]byte, chunk)
		a := addressOf(&kept[i][0])
		need(a+chunk <= at || a >= at+occupied, "memory of somebody else")
		isElsewhere = isElsewhere || a < at-piece || a >= at+occupied
		for k := range kept[i] {
			kept[i][k] = byte(i*7 + k)
		}
	}
	need(isElsewhere, "nothing was in the way")
	fmt.Println("elsewhere")
	collect()
	for i, b := range kept {
		for k := range b {
			need(b[k] == byte(i*7+k), "what was written")
		}
	}
	fmt.Println("whole")
}
