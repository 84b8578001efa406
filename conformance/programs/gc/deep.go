// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const elements = 10000000
const depth = 1000000

type element struct {
	next   *element
	number int
}
type branch struct {
	left, right *branch
	number      int
}

var list *element
var tree *branch

func lists() {
	n := 0
	for i := 0; i < elements; i++ {
		list = &element{list, i}
	}
	collect()
	for e := list; e != nil; e = e.next {
		n++
		need(e.number == elements-n, "an element")
	}
	fmt.Println(n, "elements")
}

// Each node has a leaf on the one side and all the rest on the other.
func trees() {
	n := 0
	for i := 0; i < depth; i++ {
		b, leaf := &branch{number: i}, &branch{number: -i}
		if i%2 == 0 {
			b.left, b.right = tree, leaf
		} else {
			b.right, b.left = tree, leaf
		}
		tree = b
	}
	collect()
	for b := tree; b != nil; n++ {
		next, leaf := b.left, b.right
		if b.number%2 != 0 {
			next, leaf = leaf, next
		}
		need(b.number == depth-1-n && leaf.number == -b.number, "a node")
		b = next
	}
	fmt.Println("a tree of depth", n)
}

func main() {
	elsewhere(lists)
	list = nil
	elsewhere(trees)
}
