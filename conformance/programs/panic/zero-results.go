// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

func unset() (int, string) {
	defer func() { recover() }()
	panic("out of cheese")
}

func set(value int) (result int) {
	defer func() { recover() }()
	result = value
	panic("out of cheese")
}

func main() {
	number, text := unset()
	fmt.Println("unset", number+len(text))
	fmt.Println("set", set(7))
}
