// SPDX-License-Identifier: BSD-3-Clause
package main

// Detection is by chance, so they go on until it comes.
func main() {
	m := map[int]int{}
	for i := 0; i < 2; i++ {
		go func() {
			for n := 0; ; n++ {
				m[n%100] = n
			}
		}()
	}
	select {}
}
