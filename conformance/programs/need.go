// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
)

// What a whole program says when something went wrong, and how it ends then.
func need(ok bool, what string) {
	if !ok {
		fmt.Println("wrong:", what)
		os.Exit(1)
	}
}
