// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"time"
)

const tenth = time.Millisecond / 10

func oneShots() {
	right := true
	for i := 0; i < 20; i++ {
		due := time.Now().Add(tenth * time.Duration(i%5))
		t := time.NewTimer(tenth * time.Duration(i%5))
		if i%2 == 0 { // fires while nobody looks
			time.Sleep(time.Millisecond)
		}
		v := <-t.C
		right = right && !v.Before(due) && !v.After(time.Now())
	}
	if right {
		fmt.Println("timer: value not early, not in the future")
	} else {
		fmt.Println("timer: value wrong")
	}
}

func ticks() {
	start := time.Now()
	last := start
	t := time.NewTicker(5 * tenth)
	right := true
	for i := 1; i <= 10; i++ {
		v := <-t.C
		due := start.Add(5 * tenth * time.Duration(i))
		right = right && !v.Before(due) && v.After(last) && !v.After(time.Now())
		last = v
	}
	t.Stop()
	if right {
		fmt.Println("ticker: values not early, in order")
	} else {
		fmt.Println("ticker: values wrong")
	}
}

func main() {
	oneShots()
	ticks()
	f := time.AfterFunc(time.Hour, func() {})
	if f.C == nil {
		fmt.Println("function: no channel")
	} else {
		fmt.Println("function: a channel")
	}
	f.Stop()
}
