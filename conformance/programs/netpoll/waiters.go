// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"io"
	"os"
)

// A child writes after a moment in which nobody here can run: that is no deadlock.  Then
// nobody waits for a descriptor any more, and it is one.
func main() {
	r, w, err := os.Pipe()
	need(err == nil, "pipe")
	argv := []string{"sh", "-c", "sleep 0.02; echo x; sleep 0.02; echo y"}
	p, err := os.StartProcess("/bin/sh", argv, &os.ProcAttr{Files: []*os.File{nil, w, nil}})
	need(err == nil && w.Close() == nil, "start")
	text, err := io.ReadAll(r)
	need(err == nil && string(text) == "x\ny\n", "read")
	state, err := p.Wait()
	need(err == nil && state.Success(), "wait")
	fmt.Println("read: no deadlock")
	<-make(chan int)
}
