// SPDX-License-Identifier: BSD-3-Clause

//go:build !go1.24

package main

const (
	hasNewer  = false
	newerCaps = ""
)

func (e *execution) newerStep(*registers, *instr) { panic("plan.go lets no such instruction through") }
