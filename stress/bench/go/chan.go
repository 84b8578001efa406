// SPDX-License-Identifier: BSD-3-Clause

package main

import "sync"

func pingPong(n int) {
	there, back := make(chan int64), make(chan int64)
	go func() {
		for i := 0; i < n; i++ {
			back <- <-there
		}
	}()
	v := int64(1)
	for i := 0; i < n; i++ {
		there <- v
		v = <-back
	}
}

// streamThrough passes n values by one channel from some senders to as many receivers.
func streamThrough(n, capacity, each int) {
	c := make(chan int64, capacity)
	var senders, receivers sync.WaitGroup
	mine := (n + each - 1) / each
	senders.Add(each)
	receivers.Add(each)
	for i := 0; i < each; i++ {
		go func() {
			for range c {
			}
			receivers.Done()
		}()
		go func() {
			for i := 0; i < mine; i++ {
				c <- int64(i)
			}
			senders.Done()
		}()
	}
	senders.Wait()
	close(c)
	receivers.Wait()
}

func buffered(n int) {
	c := make(chan int64, 16)
	v := int64(1)
	for i := 0; i < n; i++ {
		c <- v
		v = <-c
	}
}

var chanBenches = []bench{
	{name: "ping-pong", work: pingPong},
	{name: "stream", work: func(n int) { streamThrough(n, 0, 1) }},
	{name: "stream-128", work: func(n int) { streamThrough(n, 128, 1) }},
	{name: "mpmc", work: func(n int) { streamThrough(n, 0, 4) }},
	{name: "mpmc-128", work: func(n int) { streamThrough(n, 128, 4) }},
	{name: "buffered", work: buffered},
}
