// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

const makers = 8
const each = 50000
const room = 1000

// What is handed over: a block of any size, with its maker and number.
type parcel struct {
	self  *parcel
	bytes []byte
	stamp byte
}

var ring [makers]chan *parcel
var whole int64
var all sync.WaitGroup

func produce(number int) {
	random := uint64(number)
	for i := 0; i < each; i++ {
		p := &parcel{}
		p.self = p
		size := 1 + pick(&random, 16<<pick(&random, 6))
		p.stamp = byte(pick(&random, 256))
		p.bytes = make([]byte, size)
		for k := range p.bytes {
			p.bytes[k] = p.stamp
		}
		ring[number] <- p
	}
	all.Done()
}

func isRight(p *parcel) bool {
	same := p.self == p
	for _, b := range p.bytes {
		same = same && b == p.stamp
	}
	return same
}

func take(number int) {
	n := 0
	for i := 0; i < each; i++ {
		if isRight(<-ring[number]) {
			n++
		}
	}
	atomic.AddInt64(&whole, int64(n))
	all.Done()
}

func main() {
	for i := range ring {
		ring[i] = make(chan *parcel, room)
	}
	all.Add(2 * makers)
	for i := range ring {
		go produce(i)
		go take(i)
	}
	all.Wait()
	fmt.Println(whole, "objects came whole")
}
