// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

const times = 3

// raw reads a descriptor by blocking calls.
type raw int

func (fd raw) Read(p []byte) (int, error) { return syscall.Read(int(fd), p) }

// "SCHED 20ms: gomaxprocs=2 ..." is of the kind SCHED, "  P0: ..." of the kind "  P".
func isOfKind(line, kind string) bool {
	rest := strings.TrimPrefix(line, kind)
	return rest != line && strings.ContainsAny(rest[:1], " 0123456789") && strings.Contains(line, "=")
}

// Standard error is a pipe whose other end we read until we have seen enough.
func main() {
	var ends [2]int
	if syscall.Pipe(ends[:]) != nil || syscall.Dup3(ends[1], 2, 0) != nil {
		os.Exit(1)
	}
	kinds := os.Args[1:]
	left := map[string]int{}
	for _, kind := range kinds {
		left[kind] = times
	}
	lines := bufio.NewScanner(raw(ends[0]))
	for len(left) > 0 && lines.Scan() {
		for kind := range left {
			if !isOfKind(lines.Text(), kind) {
				continue
			}
			if left[kind]--; left[kind] == 0 {
				delete(left, kind)
			}
		}
	}
	for _, kind := range kinds {
		fmt.Println(kind, times, "times")
	}
}
