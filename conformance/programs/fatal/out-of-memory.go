// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

const block = 16 << 20

// Blocks and not goroutines, as in the C program: the report would list all of them.
func main() {
	fmt.Println("asks for more and more")
	for kept := [][]byte{}; ; {
		kept = append(kept, make([]byte, block))
	}
}
