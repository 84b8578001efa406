// SPDX-License-Identifier: BSD-3-Clause

// As gc/stores, with places that only the language has.
package main

import (
	"reflect"
	"strconv"
)

const holders = 5000
const steps = 20000
const collections = 4

type holder struct {
	m    map[int]*object
	s    []*object
	f    func() *object
	i    any
	o    *object
	text []string
}

var table []*holder

func takeMap(h *holder) *object {
	o := h.m[1]
	if o.stamp%2 == 0 {
		delete(h.m, 1)
	} else {
		h.m[1] = nil
	}
	return o
}

func putMap(h *holder, o *object) {
	h.m = map[int]*object{}
	h.m[1] = o
}

func takeAppend(h *holder) *object {
	o := h.s[len(h.s)-1]
	h.s[len(h.s)-1] = nil
	h.s = h.s[:0]
	return o
}

func putAppend(h *holder, o *object) {
	for i := 0; i < 5; i++ {
		h.s = append(h.s, nil)
	}
	h.s = append(h.s, o)
}

func takeClosure(h *holder) *object {
	o := h.f()
	h.f = nil
	return o
}

func putClosure(h *holder, o *object) {
	h.f = func() (was *object) {
		was, o = o, nil
		return was
	}
}

func takeInterface(h *holder) *object {
	o := h.i.(*object)
	h.i = nil
	return o
}

func putInterface(h *holder, o *object) {
	h.i = o
}

func field(h *holder) reflect.Value {
	return reflect.ValueOf(h).Elem().FieldByName("o")
}

func takeReflection(h *holder) *object {
	o := h.o
	v := reflect.NewAt(field(h).Type(), field(h).Addr().UnsafePointer()).Elem()
	v.Set(reflect.Zero(v.Type()))
	return o
}

func putReflection(h *holder, o *object) {
	reflect.NewAt(field(h).Type(), field(h).Addr().UnsafePointer()).Elem().Set(reflect.ValueOf(o))
}

func takeDeferred(h *holder) (o *object) {
	defer func(was *object) { o = was }(h.o)
	h.o = nil
	return nil
}

func putDeferred(h *holder, o *object) {
	defer func(o *object) { h.o = o }(o)
}

func takeStrings(h *holder) *object {
	o := h.o
	h.o = nil
	text := h.text[0]
	h.text[0] = ""
	need(text == "text of "+strconv.FormatInt(o.stamp, 10), "a string")
	return o
}

func putStrings(h *holder, o *object) {
	h.text = []string{"text of " + strconv.FormatInt(o.stamp, 10)}
	h.o = o
}

func holderNew(int) *holder {
	return &holder{}
}

func moves(x *exchange[*holder]) {
	table = make([]*holder, holders)
	for i := range table {
		table[i] = holderNew(i)
		x.put(table[i], objectNew(int64(i)))
	}
	x.run(table, holderNew, steps, collections)
}

func main() {
	kinds := []exchange[*holder]{
		{"map", takeMap, putMap},
		{"append", takeAppend, putAppend},
		{"closure", takeClosure, putClosure},
		{"interface", takeInterface, putInterface},
		{"reflection", takeReflection, putReflection},
		{"deferred call", takeDeferred, putDeferred},
		{"strings", takeStrings, putStrings},
	}
	for i := range kinds {
		elsewhere(func() { moves(&kinds[i]) })
	}
}
