// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const calls = 20000

func returned(n int) *[4]int {
	local := [4]int{n, n + 1, n + 2, n + 3}
	return &local
}

func captured(n int) func() int {
	return func() int {
		n++
		return n
	}
}

type box struct{ at *int }

func stored(b *box, n int) {
	local := n
	b.at = &local
}

func sent(c chan *int, n int) {
	local := n
	c <- &local
}

func main() {
	var arrays [calls]*[4]int
	var counters [calls]func() int
	var boxes [calls]box
	c := make(chan *int, calls)
	for i := 0; i < calls; i++ {
		arrays[i] = returned(i)
		counters[i] = captured(i)
		stored(&boxes[i], i)
		sent(c, i)
	}
	collect()
	churn(calls)
	for i, a := range arrays {
		need(*a == [4]int{i, i + 1, i + 2, i + 3}, "returned")
	}
	fmt.Println("returned: own and whole")
	for i, count := range counters {
		need(count() == i+1 && count() == i+2, "captured")
	}
	fmt.Println("captured: own and whole")
	for i := range boxes {
		need(*boxes[i].at == i, "stored")
	}
	fmt.Println("stored: own and whole")
	for i := 0; i < calls; i++ {
		need(*<-c == i, "sent")
	}
	fmt.Println("sent: own and whole")
}
