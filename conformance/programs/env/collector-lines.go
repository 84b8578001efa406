// SPDX-License-Identifier: BSD-3-Clause
package main

import "runtime"

func main() {
	for i := 0; i < 4; i++ { // the last line may be cut off by our end
		runtime.GC()
	}
}
