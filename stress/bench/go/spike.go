// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

const (
	spikeStays    = 8
	spikePatience = 2 * time.Microsecond // for each node
	spikeLook     = 5 * time.Millisecond
)

type spikeNode struct {
	next  *spikeNode
	words [7]int64
}

var spikeStaying, spikeGoing []*spikeNode

func spikeNodes(n int) []*spikeNode {
	all := make([]*spikeNode, n)
	for i := range all {
		all[i] = new(spikeNode)
		all[i].words[0] = int64(i) // what was never written to is not in memory
	}
	return all
}

func resident() int {
	var size, pages int
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &pages)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "spike: /proc/self/statm cannot be read: is /proc mounted?")
		os.Exit(2)
	}
	return pages * os.Getpagesize()
}

func heapGoal() int {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.NextGC)
}

// spike is spike.c's: see there what is measured.
func spike(n int) {
	spikeStaying = spikeNodes(n/spikeStays + 1)
	spikeGoing = spikeNodes(n)
	peak, start := resident(), time.Now()
	spikeGoing = nil
	runtime.GC()
	for resident() >= heapGoal()/10*11 && time.Since(start) < time.Duration(n)*spikePatience {
		time.Sleep(spikeLook)
	}
	printFigure("spike.back", float64(time.Since(start).Nanoseconds())/1e6)
	printFigure("spike.peak", float64(peak)/1e6)
	printFigure("spike.of-goal", float64(resident())*100/float64(heapGoal()))
	runtime.KeepAlive(spikeStaying)
}

var spikeBenches = []bench{{name: "spike", report: spike}}
