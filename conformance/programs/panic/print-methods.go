// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"runtime"
	"syscall"
)

type wrong string

func (w wrong) Error() string {
	switch w {
	case "panics":
		panic(w)
	case "yields":
		runtime.Gosched()
		return "it yielded"
	case "calls":
		pause := syscall.NsecToTimespec(1000000)
		syscall.Nanosleep(&pause, nil)
		return "it called"
	}
	return "it went wrong"
}

type word int

func (word) String() string { return "a word" }

func main() {
	if os.Args[1] == "string" {
		panic(word(1))
	}
	panic(wrong(os.Args[1]))
}
