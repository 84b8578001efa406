// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

var text []byte

func init() { text = append(text, "main runs"...) }

func main() {
	fmt.Println(string(text))
}
