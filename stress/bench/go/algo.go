// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

const ringSize = 1000

func ring(n int) {
	var all sync.WaitGroup
	c := make([]chan int64, ringSize)
	for i := range c {
		c[i] = make(chan int64)
	}
	all.Add(ringSize)
	for i := range c {
		go func(in, out chan int64) {
			token := <-in
			for token > 0 {
				out <- token - 1
				token = <-in
			}
			if token > 1-ringSize { // it goes round once more, below zero, and ends everybody
				out <- token - 1
			}
			all.Done()
		}(c[i], c[(i+1)%ringSize])
	}
	c[0] <- int64(n)
	all.Wait()
}

func fibOf(n int) int {
	if n < 2 {
		return n
	}
	var joined sync.WaitGroup
	var left int
	joined.Add(1)
	go func() {
		left = fibOf(n - 1)
		joined.Done()
	}()
	right := fibOf(n - 2)
	joined.Wait()
	return left + right
}

func fibPlain(n int) int {
	if n < 2 {
		return n
	}
	return fibPlain(n-1) + fibPlain(n-2)
}

// fib prints nanoseconds for one fork; fib(n) makes fib(n + 1) - 1 of them.
func fib(n int) {
	if n < 6 || n > 40 {
		fmt.Fprintf(os.Stderr, "fib %d: OPS is n here, from 6 to 40\n", n)
		os.Exit(2)
	}
	fibOf(n - 5)
	start := clock()
	value := fibOf(n)
	took := clock() - start
	if value != fibPlain(n) {
		panic("wrong value")
	}
	printFigure("fib", float64(took.Nanoseconds())/float64(fibPlain(n+1)-1))
}

const (
	alone = 4096 // not forked below
	short = 16
)

func insertionSort(a []int32) {
	for i := 1; i < len(a); i++ {
		x, j := a[i], i
		for ; j > 0 && a[j-1] > x; j-- {
			a[j] = a[j-1]
		}
		a[j] = x
	}
}

// partition is Hoare's about the median of three; it gives the length of the left part.
func partition(a []int32) int {
	mid, last := len(a)/2, len(a)-1
	if a[mid] < a[0] {
		a[mid], a[0] = a[0], a[mid]
	}
	if a[last] < a[0] {
		a[last], a[0] = a[0], a[last]
	}
	if a[last] < a[mid] {
		a[last], a[mid] = a[mid], a[last]
	}
	pivot := a[mid]
	for i, j := -1, len(a); ; {
		for i++; a[i] < pivot; i++ {
		}
		for j--; a[j] > pivot; j-- {
		}
		if i >= j {
			return j + 1
		}
		a[i], a[j] = a[j], a[i]
	}
}

func sortAlone(a []int32) {
	for len(a) > short {
		left := partition(a)
		sortAlone(a[:left])
		a = a[left:]
	}
	insertionSort(a)
}

func sortPart(a []int32, all *sync.WaitGroup) {
	for len(a) > alone {
		left := partition(a)
		all.Add(1)
		go sortPart(a[:left], all)
		a = a[left:]
	}
	sortAlone(a)
	all.Done()
}

func fillNumbers(a []int32) {
	x := uint64(1)
	for i := range a {
		x = x*6364136223846793005 + 1442695040888963407
		a[i] = int32(x >> 32)
	}
}

func sortTime(a []int32) time.Duration {
	var all sync.WaitGroup
	all.Add(1)
	start := clock()
	go sortPart(a, &all)
	all.Wait()
	return clock() - start
}

// quicksort prints milliseconds for n numbers.
func quicksort(n int) {
	a := make([]int32, n)
	part := (n + 9) / 10
	fillNumbers(a[:part])
	sortTime(a[:part])
	fillNumbers(a)
	took := sortTime(a)
	for i := 1; i < n; i++ {
		if a[i-1] > a[i] {
			panic("not sorted")
		}
	}
	printFigure("quicksort", float64(took.Nanoseconds())/1e6)
}

func countUp(out chan<- int64) {
	for i := int64(2); ; i++ {
		out <- i
	}
}

func filter(in <-chan int64, out chan<- int64, prime int64) {
	for {
		v := <-in
		if v%prime != 0 {
			out <- v
		}
	}
}

// sieveTo gives the n-th prime. The chain is left waiting, as in the classic program.
func sieveTo(n int) int64 {
	c := make(chan int64)
	go countUp(c)
	prime := int64(0)
	for i := 0; i < n; i++ {
		prime = <-c
		out := make(chan int64)
		go filter(c, out, prime)
		c = out
	}
	return prime
}

// sieve prints milliseconds for the first n primes.
func sieve(n int) {
	sieveTo(n/10 + 1)
	start := clock()
	prime := sieveTo(n)
	took := clock() - start
	if n == 1000 && prime != 7919 {
		panic("wrong prime")
	}
	printFigure("sieve", float64(took.Nanoseconds())/1e6)
}

var algoBenches = []bench{
	{name: "ring", work: ring},
	{name: "fib", report: fib},
	{name: "quicksort", report: quicksort},
	{name: "sieve", report: sieve},
}
