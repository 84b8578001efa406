// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"time"
)

const (
	nodesLeast   = 32
	nodeBytes    = 64
	marks        = 3
	cycles       = 4
	garbageBytes = 4096
)

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	t := new(tree)
	if depth > 0 {
		t.left = grow(depth - 1)
		t.right = grow(depth - 1)
	}
	return t
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func wrong(what string) {
	fmt.Fprintln(os.Stderr, "gc:", what)
	os.Exit(2)
}

// trees prints milliseconds for trees of 4, 8, 12 ... levels, as many of each that their nodes are 32 times those of one of
// `deepest` levels; a tree of about that size lives all the time.
func trees(deepest int) {
	start, found := clock(), 0
	lives := grow(deepest - 1)
	for depth := 4; depth <= deepest; depth += 4 {
		for i := 0; i < 1<<(deepest-depth+4); i++ {
			found += grow(depth).count()
		}
	}
	if found == 0 || lives.count() != 1<<deepest-1 {
		wrong("a tree has lost nodes")
	}
	printFigure("trees", float64((clock()-start).Nanoseconds())/1e6)
}

type node struct {
	left, right *node
	words       [6]int64
}

var top *node
var garbage []byte

func atLeast(n int) int {
	if n < nodesLeast {
		return nodesLeast
	}
	return n
}

// build makes n nodes one tree, level by level as they lie.  All are written to: else the system has one page of zeros for
// half of them.
//
//go:noinline
func build(n int) {
	all := make([]*node, n)
	for i := range all {
		all[i] = &node{words: [6]int64{int64(i)}}
	}
	for i := 1; i < n/2; i++ {
		all[i].left = all[2*i]
		all[i].right = all[2*i+1]
	}
	top = all[1]
}

func sorted(took []time.Duration) []time.Duration {
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	return took
}

func printUs(name string, took time.Duration) {
	printFigure(name, float64(took.Nanoseconds())/1e3)
}

// mark prints nanoseconds for each node, the median of some collections.
func mark(n int) {
	var took [marks]time.Duration
	n = atLeast(n)
	build(n)
	runtime.GC()
	for i := range took {
		start := clock()
		runtime.GC()
		took[i] = clock() - start
	}
	printFigure("mark", float64(sorted(took[:])[marks/2].Nanoseconds())/float64(n))
}

// step hangs a new node into the place of one deep down, and drops some bytes.
func step(random *uint64, levels int) {
	n, fresh := top, new(node)
	*random = *random*6364136223846793005 + 1442695040888963407
	for i := 0; i < levels; i++ {
		if *random>>(63-i)&1 != 0 {
			n = n.left
		} else {
			n = n.right
		}
	}
	at := &n.right
	if *random>>20&1 != 0 {
		at = &n.left
	}
	fresh.left = (*at).left
	fresh.right = (*at).right
	*at = fresh
	garbage = make([]byte, garbageBytes)
}

// pausesPrint knows only the sum of the two pauses of each collection: half of it stands for either.
func pausesPrint(first uint32) {
	var s runtime.MemStats
	var took []time.Duration
	runtime.ReadMemStats(&s)
	for i := first; i < s.NumGC && len(took) < len(s.PauseNs); i++ {
		took = append(took, time.Duration(s.PauseNs[i%uint32(len(s.PauseNs))]/2))
	}
	sorted(took)
	printUs("live.pause-p50", took[len(took)/2])
	printUs("live.pause-p99", took[len(took)*99/100])
	printUs("live.pause-max", took[len(took)-1])
}

// live prints microseconds that the world stood still, and that steps of a program took, as many as make the garbage of some
// collections.
func live(n int) {
	var s runtime.MemStats
	n = atLeast(n)
	levels := -4
	for m := n; m > 1; m /= 2 {
		levels++
	}
	took, random := make([]time.Duration, cycles*n*nodeBytes/(nodeBytes+garbageBytes)+1), uint64(1)
	build(n)
	runtime.GC()
	runtime.ReadMemStats(&s)
	for i := range took {
		start := time.Now()
		step(&random, levels)
		took[i] = time.Since(start)
	}
	runtime.GC()
	pausesPrint(s.NumGC)
	sorted(took)
	printUs("live.step-p99.99", took[len(took)-len(took)/10000-1])
	printUs("live.step-max", took[len(took)-1])
}

var gcBenches = []bench{
	{"trees", nil, trees},
	{"mark", nil, mark},
	{"live", nil, live},
}
