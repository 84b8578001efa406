// SPDX-License-Identifier: BSD-3-Clause
package main

func child() {
	panic("out of cheese")
}

func father() {
	go child()
	<-make(chan int)
}

func main() {
	go father()
	<-make(chan int)
}
