// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"strings"
)

func main() {
	defer func() {
		switch v := recover().(type) {
		case nil:
			fmt.Println("recovered nil")
		case error:
			text, _, _ := strings.Cut(v.Error(), " (")
			fmt.Println("recovered an error:", text)
		default:
			fmt.Println("recovered something else")
		}
	}()
	panic(nil)
}
