// SPDX-License-Identifier: BSD-3-Clause

// The Go driver: runs litmus plans on the Go runtime it is built with (spec/protocol.md).
//
// It interprets plans with native operations: a send is `c <- v`, a deferred block is deferred, recover stands in the
// deferred function's own frame.  One process is one conversation on stdin and stdout; it starts no goroutine of its own, so
// that the runtime's deadlock detector sees the program and nothing else.
package main

import (
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const baseCaps = "chan select mutex rwmutex wg once cond atomic var sleep timer ticker afterfunc panic recover goexit exit " +
	"fault elem ptr make procs goroutines one free noise parallel gotext die heap gc gc.precise"

type runOptions struct {
	id    string
	iters int
	mode  string
	join  bool
	procs int
	noise int
	seed  int64
	unit  time.Duration
}

func main() {
	in := &reader{}
	for {
		line, more := in.line()
		if !more {
			return
		}
		words := strings.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		switch words[0] {
		case "hello":
			if len(words) < 2 || words[1] != "gl/1" {
				say("err version gl/1\n")
				syscall.Exit(3)
			}
			hello()
		case "run":
			if len(words) < 2 || command(in, words) {
				return
			}
		case "bye":
			return
		default:
			say("err 0 unknown command " + words[0] + "\n")
		}
	}
}

func hello() {
	say("hi gl/1 name=go version=" + strings.Fields(runtime.Version())[0] + " ops=1 procs=" +
		strconv.Itoa(runtime.GOMAXPROCS(0)) + "\n" +
		"cap " + baseCaps + newerCaps + raceCaps + clockCaps + "\n" +
		"promise " + promises(runtime.Version()) + "\n" +
		"limit goroutines=20000\nok\n")
}

// promises lists the version profiles that this runtime is held to.
func promises(version string) string {
	minor := 99 // a development version
	if parts := strings.Split(strings.TrimPrefix(version, "go"), "."); len(parts) > 1 {
		if n, err := strconv.Atoi(parts[1]); err == nil {
			minor = n
		}
	}
	words := []string{"spec", "fifo-waiters"}
	for _, n := range []int{21, 22, 23, 24, 25, 26} {
		if minor >= n {
			words = append(words, "go>=1."+strconv.Itoa(n))
		}
	}
	return strings.Join(words, " ")
}

// command does one `run`; true when the process has to end as the program did.
func command(in *reader, words []string) bool {
	o := &runOptions{id: words[1], iters: 1, mode: "free", unit: time.Millisecond}
	for _, w := range words[2:] {
		k, v, _ := strings.Cut(w, "=")
		n, _ := strconv.Atoi(v)
		switch k {
		case "iters":
			o.iters = n
		case "mode":
			o.mode = v
		case "join":
			o.join = n != 0
		case "procs":
			o.procs = n
		case "noise":
			o.noise = n
		case "seed":
			o.seed = int64(n)
		case "unit_us":
			o.unit = time.Duration(n) * time.Microsecond
		}
	}
	lines := []string{}
	for {
		line, more := in.line()
		if !more {
			return true
		}
		if line == "end" {
			break
		}
		lines = append(lines, line)
	}
	p, err := parsePlan(lines)
	if unknown, is := err.(unknownOp); is {
		say("skip " + o.id + " " + string(unknown) + "\n")
		return false
	}
	if err == nil && o.mode != "free" && o.mode != "one" {
		say("skip " + o.id + " mode " + o.mode + "\n")
		return false
	}
	if err != nil {
		say("err " + o.id + " " + err.Error() + "\n")
		return false
	}
	defer restoreProcs(runtime.GOMAXPROCS(0))
	if o.procs > 0 {
		runtime.GOMAXPROCS(o.procs)
	}
	if o.mode == "one" {
		runOne(p, o)
		return true
	}
	runFree(p, o)
	return false
}

// runOne executes the program on this goroutine, the process's first; the process ends as the program does.
func runOne(p *program, o *runOptions) {
	e := newExecution(p, o)
	e.note = func(v int64) { say("note " + o.id + " " + strconv.FormatInt(v, 10) + "\n") }
	e.exec(&p.blocks[0], e.seed, nil)
	if e.tooMany(o) {
		return
	}
	say("out " + o.id + " 1 " + e.outcome() + "\n")
}

func runFree(p *program, o *runOptions) {
	counts := map[string]int{}
	started := time.Now()
	for i := 0; i < o.iters; i++ {
		e := newExecution(p, o)
		o.seed++
		if o.join {
			e.join = new(sync.WaitGroup)
		}
		e.exec(&p.blocks[0], e.seed, nil)
		atomic.StoreInt32(&e.over, 1)
		counts[e.outcome()]++
		if o.join {
			e.join.Wait()
		}
		if e.tooMany(o) {
			return
		}
	}
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var s strings.Builder
	for _, k := range keys {
		s.WriteString("out " + o.id + " " + strconv.Itoa(counts[k]) + " " + k + "\n")
	}
	s.WriteString("done " + o.id + " " + strconv.Itoa(o.iters) + " us=" +
		strconv.FormatInt(time.Since(started).Microseconds(), 10) + "\n")
	say(s.String())
}

// restoreProcs undoes what a run did to the number of processors; setting it stops the world, so only when it changed.
func restoreProcs(procs int) {
	if runtime.GOMAXPROCS(0) != procs {
		runtime.GOMAXPROCS(procs)
	}
}
