// SPDX-License-Identifier: BSD-3-Clause

package main

// fill makes k channels with room for one: the first is empty and waits for a send, the others are full.
func fill(k int) []chan int64 {
	c := make([]chan int64, k)
	for i := range c {
		c[i] = make(chan int64, 1)
		if i > 0 {
			c[i] <- 1
		}
	}
	return c
}

func select2(n int) {
	c := fill(2)
	c0, c1 := c[0], c[1]
	v := int64(1)
	for i := 0; i < n; i++ {
		select {
		case c0 <- v:
			v = <-c0
		case v = <-c1:
			c1 <- v
		}
	}
}

func select4(n int) {
	c := fill(4)
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	v := int64(1)
	for i := 0; i < n; i++ {
		select {
		case c0 <- v:
			v = <-c0
		case v = <-c1:
			c1 <- v
		case v = <-c2:
			c2 <- v
		case v = <-c3:
			c3 <- v
		}
	}
}

func select8(n int) {
	c := fill(8)
	c0, c1, c2, c3, c4, c5, c6, c7 := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	v := int64(1)
	for i := 0; i < n; i++ {
		select {
		case c0 <- v:
			v = <-c0
		case v = <-c1:
			c1 <- v
		case v = <-c2:
			c2 <- v
		case v = <-c3:
			c3 <- v
		case v = <-c4:
			c4 <- v
		case v = <-c5:
			c5 <- v
		case v = <-c6:
			c6 <- v
		case v = <-c7:
			c7 <- v
		}
	}
}

func four(capacity int) (a, b, c, d chan int64) {
	return make(chan int64, capacity), make(chan int64, capacity), make(chan int64, capacity), make(chan int64, capacity)
}

var taken int64

func selectDefault(n int) {
	c0, c1, c2, c3 := four(1)
	for i := 0; i < n; i++ {
		select {
		case v := <-c0:
			taken += v
		case v := <-c1:
			taken += v
		case v := <-c2:
			taken += v
		case v := <-c3:
			taken += v
		default:
		}
	}
}

func selectBlock(n int) {
	c0, c1, c2, c3 := four(0)
	ack := make(chan int64)
	go func() {
		var v int64
		for i := 0; i < n; i++ {
			select {
			case v = <-c0:
			case v = <-c1:
			case v = <-c2:
			case v = <-c3:
			}
			ack <- v
		}
	}()
	c := [4]chan int64{c0, c1, c2, c3}
	v := int64(1)
	for i := 0; i < n; i++ {
		c[i%4] <- v
		v = <-ack
	}
}

var selectBenches = []bench{
	{name: "select-2", work: select2},
	{name: "select-4", work: select4},
	{name: "select-8", work: select8},
	{name: "select-default", work: selectDefault},
	{name: "select-block", work: selectBlock},
}
