// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func send(sig syscall.Signal) {
	need(syscall.Kill(os.Getpid(), sig) == nil, "kill")
}

func subscribe(room int, sigs ...os.Signal) chan os.Signal {
	c := make(chan os.Signal, room)
	signal.Notify(c, sigs...)
	return c
}
