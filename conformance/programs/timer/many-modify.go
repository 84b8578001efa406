// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const timers, modifiers, steps = 100000, 8, 20000

var timer [timers]*time.Timer
var set, takenBack, fired int64
var all sync.WaitGroup

func fire() {
	atomic.AddInt64(&fired, 1)
}

func draw(state *uint64) uint64 {
	*state = *state*6364136223846793005 + 1442695040888963407
	return *state >> 33
}

func within20ms(state *uint64) time.Duration {
	return time.Duration(draw(state)) % (20 * time.Millisecond)
}

func account(was bool) {
	if was {
		atomic.AddInt64(&takenBack, 1)
	}
}

// Any goroutine modifies any timer.
func modify(random uint64) {
	for i := 0; i < steps; i++ {
		t := timer[draw(&random)%timers]
		if draw(&random)%2 == 0 {
			account(t.Stop())
		} else {
			atomic.AddInt64(&set, 1)
			account(t.Reset(within20ms(&random)))
		}
	}
	all.Done()
}

func main() {
	random := uint64(1)
	set = timers
	for i := range timer {
		timer[i] = time.AfterFunc(within20ms(&random), fire)
	}
	all.Add(modifiers)
	for i := 0; i < modifiers; i++ {
		go modify(uint64(i + 1))
	}
	all.Wait()
	for i := 0; i < timers; i += 2 {
		account(timer[i].Stop())
	}
	for atomic.LoadInt64(&takenBack)+atomic.LoadInt64(&fired) < atomic.LoadInt64(&set) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(5 * time.Millisecond) // for what is too much
	if atomic.LoadInt64(&takenBack)+atomic.LoadInt64(&fired) != atomic.LoadInt64(&set) {
		fmt.Printf("%d set, %d taken back, %d fired\n", set, takenBack, fired)
	} else {
		fmt.Println("every setting fired or was taken back")
	}
}
