// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
)

var kept *object
var begun, others int64
var goOn = make(chan bool)

func panics(*object) {
	panic(7)
}

func prints(*object) {
	fmt.Println("a finalizer runs at the end")
}

func blocks(*object) {
	atomic.AddInt64(&begun, 1)
	<-goOn
}

func with(fn func(*object)) {
	elsewhere(func() { runtime.SetFinalizer(objectNew(1), fn) })
}

func panicking() {
	with(panics)
	collectUntil(&begun, 1) // never
}

// One that is unreachable and one that is not.
func ending() {
	with(prints)
	kept = objectNew(2)
	runtime.SetFinalizer(kept, prints)
	fmt.Println("ends")
	if os.Args[1] == "exit" {
		os.Exit(3)
	}
}

func blocking() {
	with(blocks)
	need(collectUntil(&begun, 1), "a finalizer has not begun")
	with(func(*object) { atomic.AddInt64(&others, 1) })
	for i := 0; i < 3; i++ {
		collect()
	}
	churn(10000)
	fmt.Println("the program and its collections go on")
	close(goOn)
	need(collectUntil(&others, 1), "a finalizer behind it has not run")
	fmt.Println("the other one has run")
}

func main() {
	fmt.Println("begins")
	switch os.Args[1] {
	case "panic":
		panicking()
	case "inside":
		runtime.SetFinalizer(&new([2]*object)[1], func(**object) {})
	case "blocked":
		blocking()
	default:
		ending()
	}
}
