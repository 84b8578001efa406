// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
)

func state(name string) string {
	if _, ok := os.LookupEnv(name); ok {
		return "set"
	}
	return "unset"
}

func main() {
	for i, word := range os.Args[1:] {
		fmt.Printf("%d [%s]\n", i+1, word)
	}
	fmt.Printf("word [%s]\n", os.Getenv("GAUNTLET_WORD"))
	fmt.Println("empty", state("GAUNTLET_EMPTY"))
	fmt.Println("other", state("GAUNTLET_OTHER"))
}
