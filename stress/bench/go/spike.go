// SPDX-License-Identifier: BSD-3-Clause

package main

import (
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

func heapGoal() float64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.NextGC)
}

// spike is spike.c's: see there what is measured.
func spike(n int) {
	spikeStaying = spikeNodes(n/spikeStays + 1)
	spikeGoing = spikeNodes(n)
	peak, start := residentBytes(), time.Now()
	spikeGoing = nil
	runtime.GC()
	for residentBytes() >= heapGoal()*1.1 && time.Since(start) < time.Duration(n)*spikePatience {
		time.Sleep(spikeLook)
	}
	printFigure("spike.back", float64(time.Since(start).Nanoseconds())/1e6)
	printFigure("spike.peak", peak/1e6)
	printFigure("spike.of-goal", residentBytes()*100/heapGoal())
	runtime.KeepAlive(spikeStaying)
}

var spikeBenches = []bench{{name: "spike", report: spike}}
