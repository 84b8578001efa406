// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
)

const workers = 4
const depth = 11
const steps = 40000

// A search tree: its keys tell where a node belongs.
type node struct {
	left, right *node
	key, check  int64
}

var tree [workers]*node
var all sync.WaitGroup

func grow(key int64, depth int) *node {
	n := &node{key: key, check: ^key}
	if depth > 0 {
		n.left = grow(2*key, depth-1)
		n.right = grow(2*key+1, depth-1)
	}
	return n
}

func nodes(n *node, key int64) int {
	if n == nil {
		return 0
	}
	need(n.key == key && n.check == ^key, "a node is not itself")
	return 1 + nodes(n.left, 2*key) + nodes(n.right, 2*key+1)
}

// Goes down at random and does there one of: exchange the node by a copy, turn the children
// round and back, grow a new subtree.
func edit(at **node, random *uint64) {
	down := pick(random, depth)
	n := *at
	for i := 0; i < down; i++ {
		if pick(random, 2) == 0 {
			at = &n.left
		} else {
			at = &n.right
		}
		n = *at
	}
	if down >= depth-4 && pick(random, 2) == 0 {
		*at = grow(n.key, depth-down)
		return
	}
	twin, left, right := new(node), n.left, n.right
	*twin = *n
	n.left = nil
	n.right = nil
	twin.left = right
	twin.right = left
	*at = twin
	twin.left = left
	twin.right = right
}

func worker(number int) {
	random := uint64(number)
	tree[number] = grow(1, depth)
	for i := 0; i < steps; i++ {
		edit(&tree[number], &random)
		if i%2000 == 0 {
			nodes(tree[number], 1)
		}
	}
	need(nodes(tree[number], 1) == 2<<depth-1, "nodes are missing")
	all.Done()
}

func main() {
	var c collecting
	all.Add(workers)
	for i := 0; i < workers; i++ {
		go worker(i)
	}
	c.begin()
	all.Wait()
	c.end()
	fmt.Println("every node is whole")
}
