// SPDX-License-Identifier: BSD-3-Clause
package main

import "runtime"

func main() {
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
}
