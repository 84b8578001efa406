// SPDX-License-Identifier: BSD-3-Clause
package main

import "os"

type thing struct{ x, y int }

func divide(a, b int) int { return a / b }

func main() {
	if os.Args[1] == "error" {
		divide(1, len(os.Args)-2)
	}
	panic(&thing{1, 2})
}
