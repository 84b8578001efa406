// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// lateness gives microseconds by which the median of n sleeps was too long.
func lateness(n int, d time.Duration) float64 {
	late := make([]time.Duration, n)
	for i := range late {
		start := time.Now()
		time.Sleep(d)
		late[i] = time.Since(start) - d
	}
	sort.Slice(late, func(i, j int) bool { return late[i] < late[j] })
	return float64(late[n/2].Nanoseconds()) / 1e3
}

var hogged uint64

func hog(over *int64, all *sync.WaitGroup) {
	x := uint64(1)
	for atomic.LoadInt64(over) == 0 {
		for i := 0; i < 1000; i++ {
			x = x*6364136223846793005 + 1442695040888963407
		}
	}
	atomic.StoreUint64(&hogged, x)
	all.Done()
}

func hogTight(over *int64, all *sync.WaitGroup) {
	x := uint64(1)
	for atomic.LoadInt64(over) == 0 {
		x = x*6364136223846793005 + 1442695040888963407
	}
	atomic.StoreUint64(&hogged, x)
	all.Done()
}

// latenessAmong measures the same among hogs, two for each processor, that never yield by themselves.
func latenessAmong(n int, hog func(*int64, *sync.WaitGroup)) float64 {
	var over int64
	var all sync.WaitGroup
	hogs := 2 * runtime.GOMAXPROCS(0)
	all.Add(hogs)
	for i := 0; i < hogs; i++ {
		go hog(&over, &all)
	}
	late := lateness(n, time.Millisecond)
	atomic.StoreInt64(&over, 1)
	all.Wait()
	return late
}

// hogDelay prints microseconds that a yield takes beside one tight loop.
func hogDelay(n int) {
	var over int64
	var all sync.WaitGroup
	took := make([]time.Duration, n)
	all.Add(1)
	go hogTight(&over, &all)
	runtime.Gosched()
	for i := range took {
		start := time.Now()
		runtime.Gosched()
		took[i] = time.Since(start)
	}
	atomic.StoreInt64(&over, 1)
	all.Wait()
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	printFigure("hog-delay.p50", float64(took[n/2].Nanoseconds())/1e3)
	printFigure("hog-delay.p99", float64(took[n*99/100].Nanoseconds())/1e3)
}

func draw(state *uint64) uint64 {
	*state = *state*6364136223846793005 + 1442695040888963407
	return *state >> 33
}

func never() {
	panic("fired an hour early")
}

func timersRound(n int) (took [3]time.Duration) {
	t := make([]*time.Timer, n)
	random := uint64(1)
	start := clock()
	for i := range t {
		t[i] = time.AfterFunc(time.Hour+time.Duration(draw(&random)), never)
	}
	took[0] = clock() - start
	start = clock()
	for i := range t {
		t[i].Stop()
	}
	took[1] = clock() - start
	start = clock()
	for i := range t {
		t[i] = nil
	}
	runtime.GC()
	took[2] = clock() - start
	return took
}

// timers prints nanoseconds to add, to stop and to collect each of n timers whose time is far.
func timers(n int) {
	timersRound(n/10 + 1)
	took := timersRound(n)
	for i, part := range []string{"add", "stop", "free"} {
		printFigure("timers."+part, float64(took[i].Nanoseconds())/float64(n))
	}
}

// timersFire starts n timers whose time comes within 10 ms, each with a goroutine when it fires.
func timersFire(n int) {
	t := make([]*time.Timer, n)
	random := uint64(1)
	var all sync.WaitGroup
	all.Add(n)
	done := all.Done
	for i := range t {
		t[i] = time.AfterFunc(time.Duration(draw(&random)%10000000), done)
	}
	all.Wait()
}

var timerBenches = []bench{
	{name: "sleep-1ms", report: func(n int) { printFigure("sleep-1ms", lateness(n, time.Millisecond)) }},
	{name: "sleep-50us", report: func(n int) { printFigure("sleep-50us", lateness(n, 50*time.Microsecond)) }},
	{name: "sleep-hogs", report: func(n int) { printFigure("sleep-hogs", latenessAmong(n, hog)) }},
	{name: "sleep-tight", report: func(n int) { printFigure("sleep-tight", latenessAmong(n, hogTight)) }},
	{name: "hog-delay", report: hogDelay},
	{name: "timers", report: timers},
	{name: "timers-fire", work: timersFire},
}
