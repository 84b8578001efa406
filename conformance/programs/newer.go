// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.24

// What Go has since 1.24, for the programs about it.
package main

import (
	"runtime"
	"unique"
	"weak"
)

type weakObject struct{ weak.Pointer[object] }
type weakByte struct{ weak.Pointer[byte] }
type cleanup struct{ runtime.Cleanup }
type canon struct{ unique.Handle[string] }
type pinner struct{ runtime.Pinner }

func weakNew(o *object) weakObject {
	return weakObject{weak.Make(o)}
}

func weakInside(p *byte) weakByte {
	return weakByte{weak.Make(p)}
}

func cleanupAdd(p *object, fn func(arg *object), arg *object) cleanup {
	return cleanup{runtime.AddCleanup(p, fn, arg)}
}

func cleanupInside(p *int64, fn func(arg *object), arg *object) cleanup {
	return cleanup{runtime.AddCleanup(p, fn, arg)}
}

func canonical(text string) canon {
	return canon{unique.Make(text)}
}
