// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const elements = 1000000

func check(s []int32) {
	for i, v := range s {
		need(v == int32(i), "an element is lost")
	}
}

func grow(name string, block int) {
	var s []int32
	copied := 0
	for len(s) < elements {
		before, room := len(s), cap(s)
		add := make([]int32, block)
		for i := range add {
			add[i] = int32(before + i)
		}
		s = append(s, add...)
		need(len(s) == before+block && cap(s) >= len(s), "room")
		if cap(s) != room {
			need(before+block > room, "it grew although there was room")
			copied += before
		}
	}
	check(s)
	need(copied < 8*elements, "too many copies")
	fmt.Println(name + ": whole, few copies")
}

func main() {
	grow("one by one", 1)
	grow("in blocks", 1000)
}
