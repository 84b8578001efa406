// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"time"
)

// Waits for a line of input.
func main() {
	fmt.Println("ready")
	if n, _ := os.Stdin.Read(make([]byte, 8)); n == 0 {
		time.Sleep(time.Minute)
	}
	fmt.Println("still there")
}
