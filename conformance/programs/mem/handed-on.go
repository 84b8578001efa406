// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync"
)

const hands = 4
const turns = 20000
const keys = 16

// Plain fields: only the pool and the map order those who access them.
type paper struct {
	stamp int64
	body  [6]int64
}

func write(p *paper, stamp int64) {
	p.stamp = stamp
	for i := range p.body {
		p.body[i] = stamp*31 + int64(i)
	}
}

func read(p *paper, where string) {
	for i, word := range p.body {
		need(word == p.stamp*31+int64(i), where)
	}
}

func together(fn func(hand int64)) {
	var over sync.WaitGroup
	over.Add(hands)
	for h := int64(0); h < hands; h++ {
		go func(h int64) {
			fn(h)
			over.Done()
		}(h)
	}
	over.Wait()
}

func main() {
	pool := sync.Pool{New: func() interface{} {
		p := new(paper)
		write(p, -1)
		return p
	}}
	together(func(hand int64) {
		for i := int64(0); i < turns; i++ {
			p := pool.Get().(*paper)
			read(p, "from the pool")
			write(p, hand*turns+i)
			pool.Put(p)
			if i%1000 == 0 {
				runtime.GC()
			}
		}
	})
	fmt.Println("pool: whole")
	var papers sync.Map
	together(func(hand int64) {
		for i := int64(0); i < turns; i++ {
			p := new(paper)
			write(p, hand*turns+i)
			switch i % 3 {
			case 0:
				papers.Store(i%keys, p)
			case 1:
				if was, found := papers.LoadOrStore(i%keys, p); found {
					read(was.(*paper), "from the map, not stored")
				}
			case 2:
				papers.Delete((i + 1) % keys)
			}
			if found, ok := papers.Load((i + hand) % keys); ok {
				read(found.(*paper), "from the map")
			}
		}
	})
	papers.Range(func(_, v interface{}) bool {
		read(v.(*paper), "in the map")
		return true
	})
	fmt.Println("map: whole")
}
