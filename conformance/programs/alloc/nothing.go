// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const many = 100000

type nothing struct{}

var kept *nothing
var keptArray []object

func main() {
	for i := 0; i < many; i++ {
		kept = new(nothing)
		keptArray = make([]object, i%1)
		need(kept != nil && keptArray != nil, "nil")
	}
	collect()
	churn(1000)
	collect()
	need(kept != nil && keptArray != nil, "nil")
	fmt.Println("objects and arrays of nothing have addresses")
}
