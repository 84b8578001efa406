// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

const rounds = 3000

var (
	kinds = []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGURG,
		syscall.SIGALRM, syscall.SIGWINCH}
	stop int64
	all  sync.WaitGroup
)

// What signals must not disturb: values through a pipe.
func pump() {
	r, w, err := os.Pipe()
	need(err == nil, "pipe")
	for n := uint64(1); atomic.LoadInt64(&stop) == 0; n++ {
		need(binary.Write(w, binary.LittleEndian, n) == nil, "write")
		var got uint64
		need(binary.Read(r, binary.LittleEndian, &got) == nil && got == n, "read")
	}
	r.Close()
	w.Close()
	all.Done()
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("waiting")
		n, _ := os.Stdin.Read(make([]byte, 8))
		need(n > 0, "input")
	}
	seen := map[os.Signal]int{}
	c := subscribe(len(kinds)*rounds, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM,
		syscall.SIGWINCH)
	all.Add(4)
	for i := 0; i < 4; i++ {
		go pump()
	}
	for i := 0; i < rounds; i++ {
		for _, sig := range kinds {
			send(sig)
		}
	}
	for _, sig := range kinds {
		for sig != syscall.SIGURG && seen[sig] == 0 {
			seen[<-c]++
		}
	}
	signal.Stop(c)
	for len(c) > 0 {
		seen[<-c]++
	}
	for _, sig := range kinds {
		need(seen[sig] <= rounds, "no more than were sent")
	}
	fmt.Println("each kind: at least once, at most as often as sent")
	atomic.StoreInt64(&stop, 1)
	all.Wait()
	fmt.Println("the rest: undisturbed")
}
