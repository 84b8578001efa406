// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

const objects = 10000

// An object with two others that only it refers to.
type owner struct {
	mine   [2]*object
	number int64
}

var cameBack [objects]*owner
var runs [objects]int64
var begun, allRuns, returns int64
var goOn = make(chan bool)

func look(o *owner) {
	need(o.number >= 0 && o.number < objects, "an object is not itself")
	for i, mine := range o.mine {
		need(isWhole(mine, o.number*2+int64(i)), "what an object refers to")
	}
}

func ends(o *owner, arg *object) {
	if atomic.AddInt64(&begun, 1) == 1 {
		<-goOn // the others wait behind us
	}
	look(o)
	need(isWhole(arg, o.number), "a finalizer's argument")
	atomic.AddInt64(&runs[o.number], 1)
	if o.number%2 == 0 {
		cameBack[o.number] = o
		atomic.AddInt64(&returns, 1)
	}
	atomic.AddInt64(&allRuns, 1)
}

func build() {
	for i := int64(0); i < objects; i++ {
		o := &owner{number: i}
		o.mine[0] = objectNew(i * 2)
		o.mine[1] = objectNew(i*2 + 1)
		cameBack[i] = o
		arg := objectNew(i)
		runtime.SetFinalizer(o, func(o *owner) { ends(o, arg) })
	}
}

func lookBack() {
	for i, o := range cameBack {
		need(atomic.LoadInt64(&runs[i]) == 1, "a finalizer did not run once")
		need((o != nil) == (i%2 == 0), "who came back")
		if o != nil {
			look(o)
		}
		cameBack[i] = nil
	}
}

func main() {
	var c collecting
	c.begin() // while they are made, too
	elsewhere(build)
	c.end()
	settle(1)
	need(atomic.LoadInt64(&begun) == 0, "a finalizer ran although its object is reachable")
	cameBack = [objects]*owner{}
	need(collectUntil(&begun, 1), "no finalizer runs")
	for i := 0; i < 3; i++ {
		collect()
		churn(2 * objects)
	}
	close(goOn)
	need(collectUntil(&allRuns, objects), "finalizers are missing")
	fmt.Println(allRuns, "finalizers ran once")
	collect()
	churn(4 * objects)
	elsewhere(lookBack)
	fmt.Println(returns, "objects came back")
	settle(3)
	need(atomic.LoadInt64(&allRuns) == objects, "a finalizer ran again")
	fmt.Println("nothing ran again")
}
