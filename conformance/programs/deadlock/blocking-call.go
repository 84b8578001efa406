// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"syscall"
)

var c = make(chan bool)

func reader() {
	var text [16]byte
	pause := syscall.NsecToTimespec(50000000)
	syscall.Nanosleep(&pause, nil) // by then everybody else waits
	n, _ := syscall.Read(0, text[:])
	fmt.Printf("the call gave %s", text[:n])
	if os.Args[1] == "ends" {
		c <- true
	}
}

func main() {
	fmt.Println("main waits")
	go reader()
	<-c
	fmt.Println("main goes on")
}
