// SPDX-License-Identifier: BSD-3-Clause

// Command bench is the other side of ../*.c, loop by loop the same: `bench NAME OPS` does the work of one name OPS times and
// prints a line `NAME VALUE` for each of its figures; `bench --list` prints the names, `bench version` Go's version.
//
// A tenth of the work comes before the clock starts. The number of processors is the environment's (GOMAXPROCS), and the
// collector runs with its default settings.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const opsMax = 1000000000

// A bench has one name. Either work is timed by the frame, nanoseconds for one operation; or report takes its own times and
// prints its figures.
type bench struct {
	name   string
	work   func(n int)
	report func(n int)
}

var themes = [][]bench{
	algoBenches, chanBenches, gcBenches, heapBenches, miscBenches, netBenches, schedBenches, selectBenches, spikeBenches, stackBenches, syncBenches, timerBenches,
}

var isCPU = os.Getenv("BENCH_CLOCK") == "cpu"
var epoch = time.Now()

// clock gives the nanoseconds of all figures: wall time, or CPU time of the process when BENCH_CLOCK=cpu, which others on the
// machine disturb less.
func clock() time.Duration {
	if !isCPU {
		return time.Since(epoch)
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func printFigure(name string, value float64) {
	fmt.Printf("%s %.6g\n", name, value)
}

func find(name string) *bench {
	for _, theme := range themes {
		for i := range theme {
			if theme[i].name == name {
				return &theme[i]
			}
		}
	}
	return nil
}

func list(to io.Writer, before string) {
	for _, theme := range themes {
		for _, b := range theme {
			fmt.Fprintf(to, "%s%s\n", before, b.name)
		}
	}
}

func usage(to io.Writer, status int) {
	fmt.Fprintf(to, "usage: bench NAME OPS | --list | --help | version; OPS from 1 to %d, NAME one of\n", opsMax)
	list(to, "  ")
	os.Exit(status)
}

func main() {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "version":
			fmt.Println(runtime.Version())
			return
		case "--list":
			list(os.Stdout, "")
			return
		case "--help":
			usage(os.Stdout, 0)
		}
	}
	if len(os.Args) != 3 {
		usage(os.Stderr, 2)
	}
	b := find(os.Args[1])
	n, err := strconv.Atoi(os.Args[2])
	if b == nil || err != nil || n < 1 || n > opsMax {
		usage(os.Stderr, 2)
	}
	if b.report != nil {
		b.report(n)
		return
	}
	b.work(n/10 + 1)
	start := clock()
	b.work(n)
	printFigure(b.name, float64(clock()-start)/float64(n))
}
