// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"runtime"
)

func main() {
	object := new([100]*int)
	switch os.Args[1] {
	case "no-pointer":
		runtime.SetFinalizer(7, func(int) {})
	case "no-function":
		runtime.SetFinalizer(object, 7)
	case "inside":
		runtime.SetFinalizer(&object[50], func(**int) {})
	case "twice":
		runtime.SetFinalizer(object, func(*[100]*int) {})
		runtime.SetFinalizer(object, func(*[100]*int) {})
	}
}
