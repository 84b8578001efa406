// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"
)

const child = "GAUNTLET_CHILD"

// bindToOne starts the program again on one CPU: this runtime has counted them already.
func bindToOne() {
	var set, one [128]uint64
	syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	cpu := 0
	for set[cpu/64]>>(cpu%64)&1 == 0 {
		cpu++
	}
	one[cpu/64] = 1 << (cpu % 64)
	runtime.LockOSThread()
	syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(one), uintptr(unsafe.Pointer(&one)))
	err := syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), child+"=1"))
	fmt.Println(err)
	os.Exit(1)
}

func main() {
	isBound := len(os.Args) > 1
	if isBound && os.Getenv(child) == "" {
		bindToOne()
	}
	n := runtime.GOMAXPROCS(0)
	if asked, err := strconv.Atoi(os.Getenv("GOMAXPROCS")); err == nil && asked > 0 {
		fmt.Println(n, "processors")
	} else if n >= 1 && n <= runtime.NumCPU() {
		fmt.Println("as many processors as usable CPUs")
	} else {
		fmt.Println(n, "processors for", runtime.NumCPU(), "CPUs")
	}
	if isBound && n == 1 {
		fmt.Println("and that is one")
	}
}
