// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"time"
)

const (
	all       = 96 << 20
	piece     = 1 << 20 // between two of them others may run
	wordsMost = 64
)

var kept [][]int64

// wordsOf gives sizes of one to 64 words.
func wordsOf(i int) int {
	return 1 + i*7919%wordsMost
}

func zeros(words int) []int64 {
	p := make([]int64, words)
	for _, w := range p {
		need(w == 0, "it is not zero")
	}
	return p
}

func grow() {
	for bytes, pause := 0, piece; bytes < all; {
		n := len(kept)
		p := zeros(wordsOf(n))
		for w := range p {
			p[w] = int64(n + w)
		}
		kept = append(kept, p)
		bytes += len(p) * 8
		if bytes >= pause {
			pause += piece
			time.Sleep(100 * time.Microsecond)
		}
	}
}

func main() {
	grow()
	fmt.Println("all of it was zero")
	for i, p := range kept {
		for w, v := range p {
			need(v == int64(i+w), "it has been written to")
		}
	}
	fmt.Println("all of it is as it was written")
}
