// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

type big [1 << 20]byte

var kept []big

func tryLength(name string, n int) {
	defer func() {
		if err, is := recover().(error); is {
			fmt.Printf("%s: %v\n", name, err)
		} else {
			fmt.Printf("%s: no error\n", name)
		}
	}()
	kept = make([]big, n)
}

func main() {
	tryLength("-1", -1)
	tryLength("2^40", 1<<40)
	tryLength("2^58", 1<<58)
	tryLength("2^62", 1<<62)
	tryLength("2^63-1", 1<<63-1)
	churn(1000)
	collect()
	fmt.Println("goes on")
}
