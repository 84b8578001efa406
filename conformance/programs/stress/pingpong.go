// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const exchanges = 1000000

func main() {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for n := range ping {
			pong <- n + 1
		}
	}()
	wrong := 0
	for n := 0; n < exchanges; n++ {
		ping <- n
		if <-pong != n+1 {
			wrong++
		}
	}
	fmt.Printf("%d exchanges, %d out of order\n", exchanges, wrong)
}
