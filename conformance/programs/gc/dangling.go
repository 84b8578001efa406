// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"unsafe"
)

const objects = 4000

var kept [objects]*object
var hidden [objects]uintptr
var dangling [objects]*object

// Objects side by side, of which every other one is kept; of the others there is a number only.
func pairs() {
	for i := 0; i < objects; i += 2 {
		kept[i] = objectNew(int64(i))
		hidden[i+1] = uintptr(unsafe.Pointer(objectNew(int64(i + 1))))
	}
}

//go:noinline
func pointer(number uintptr) *object {
	return *(**object)(unsafe.Pointer(&number))
}

func main() {
	elsewhere(pairs)
	collect()
	for i, number := range hidden {
		dangling[i] = pointer(number)
	}
	fmt.Println("back from the dead")
	collect()
	fmt.Println("nobody noticed", kept[0].stamp, dangling[1].stamp)
}
