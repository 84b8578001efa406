// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const (
	members = 20000
	rounds  = 3
)

func member(in, out chan int) {
	for n := 0; n < rounds; n++ {
		out <- <-in + 1
	}
}

func main() {
	first := make(chan int)
	last := first
	for i := 0; i < members; i++ {
		next := make(chan int)
		go member(last, next)
		last = next
	}
	token := 0
	for n := 0; n < rounds; n++ {
		first <- token
		token = <-last
	}
	fmt.Println("the token came back after", token, "steps")
}
