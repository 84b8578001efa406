// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

const mb = 1 << 20

// Each level takes about a kilobyte.
//
//go:noinline
func deep(n int) int {
	var room [1000]byte
	room[n%1000] = 1
	if n == 0 {
		return int(room[0]) - 1
	}
	return deep(n-1) + int(room[n%1000])
}

func user(done chan bool) {
	if deep(1000) == 1000 {
		fmt.Println("1 MB went well")
	}
	if os.Args[1] == "beyond" && deep(16000) == 16000 {
		fmt.Fprintln(os.Stderr, "16 MB went well too")
	}
	done <- true
}

func main() {
	debug.SetMaxStack(6 * mb)
	if debug.SetMaxStack(4*mb) >= 6*mb && debug.SetMaxStack(4*mb) >= 4*mb {
		fmt.Println("the limit was set")
	}
	done := make(chan bool)
	go user(done)
	<-done
}
