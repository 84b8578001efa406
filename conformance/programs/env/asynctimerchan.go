// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"time"
)

func main() {
	t := time.NewTimer(time.Millisecond)
	fmt.Println("cap", cap(t.C))
	if cap(t.C) == 0 {
		return
	}
	for len(t.C) == 0 {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("fired: len", len(t.C))
	fmt.Println("stop", t.Stop())
	fmt.Println("reset", t.Reset(time.Hour))
	<-t.C
	fmt.Println("stale value received")
	fmt.Println("stop", t.Stop())
	fmt.Println("len", len(t.C))
}
