// SPDX-License-Identifier: BSD-3-Clause
package main

import "fmt"

// A series is a channel of its coefficients, rational numbers; the writers are left waiting when
// the program ends.
type rat struct{ num, den int64 }
type series chan rat

// As many coefficients as are shown at all: the tangent feeds itself and runs ahead of its reader
// as far as its queues let it, and the next ones are too large for 64 bits.
const terms = 13

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	if a < 0 {
		return -a
	}
	return a
}

func reduced(num, den int64) rat {
	g := gcd(num, den)
	return rat{num / g, den / g}
}

func (a rat) add(b rat) rat {
	g := gcd(a.den, b.den)
	return reduced(a.num*(b.den/g)+b.num*(a.den/g), a.den/g*b.den)
}

func (a rat) mul(b rat) rat {
	x, y := reduced(a.num, b.den), reduced(b.num, a.den) // no product is too large
	return reduced(x.num*y.num, x.den*y.den)
}

func start(write func(out series)) series {
	out := make(series)
	go write(out)
	return out
}

func ones() series {
	return start(func(out series) {
		for {
			out <- rat{1, 1}
		}
	})
}

// One series for two readers.
func split(a series) (series, series) {
	second := make(series, 64)
	return start(func(out series) {
		for r := range a {
			second <- r
			out <- r
		}
	}), second
}

// The n-th coefficient of a product needs n + 1 of each factor.
func product(a, b series) series {
	return start(func(out series) {
		var as, bs []rat
		for n := 0; n < terms; n++ {
			as, bs = append(as, <-a), append(bs, <-b)
			sum := rat{0, 1}
			for i := 0; i <= n; i++ {
				sum = sum.add(as[i].mul(bs[n-i]))
			}
			out <- sum
		}
	})
}

func derive(a series) series {
	return start(func(out series) {
		<-a
		for n := int64(1); ; n++ {
			out <- (<-a).mul(rat{n, 1})
		}
	})
}

func integrate(a series) series {
	return start(func(out series) {
		out <- rat{0, 1}
		for n := int64(1); ; n++ {
			out <- (<-a).mul(rat{1, n})
		}
	})
}

func onePlus(a series) series {
	return start(func(out series) {
		out <- (<-a).add(rat{1, 1})
		for r := range a {
			out <- r
		}
	})
}

// tan = integral of 1 + tan * tan: the series feeds itself.
func tangent() series {
	back := make(series, 64)
	loop, result := split(integrate(onePlus(product(split(back)))))
	go func() {
		for r := range loop {
			back <- r
		}
	}()
	return result
}

func show(name string, a series, n int, withDen bool) {
	fmt.Print(name, ":")
	for i := 0; i < n; i++ {
		r := <-a
		fmt.Print(" ", r.num)
		if withDen {
			fmt.Print("/", r.den)
		}
	}
	fmt.Println()
}

func main() {
	show("1/(1-x) squared", product(ones(), ones()), 12, false)
	show("its derivative", derive(product(ones(), ones())), 12, false)
	show("tangent", tangent(), 10, true)
}
