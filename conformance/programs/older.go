// SPDX-License-Identifier: BSD-3-Clause

//go:build !go1.24

// Stands in for newer.go where Go is older: programs that need it are not asked then.
package main

type weakObject struct{}
type weakByte struct{}
type cleanup struct{}
type canon struct{}
type pinner struct{}

func older() {
	need(false, "this needs Go 1.24")
}

func (weakObject) Value() *object { return nil }
func (weakByte) Value() *byte     { return nil }
func (cleanup) Stop()             {}
func (canon) Value() string       { return "" }
func (pinner) Pin(any)            { older() }
func (pinner) Unpin()             { older() }

func weakNew(*object) (w weakObject) {
	older()
	return w
}

func weakInside(*byte) (w weakByte) {
	older()
	return w
}

func cleanupAdd(*object, func(*object), *object) (c cleanup) {
	older()
	return c
}

func cleanupInside(*int64, func(*object), *object) (c cleanup) {
	older()
	return c
}

func canonical(string) (h canon) {
	older()
	return h
}
