// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"syscall"
)

// A reader reads lines from descriptor 0 by plain system calls: package os could register it with the poller, and
// then the deadlock detector would wait for it.
type reader struct {
	rest []byte
	end  bool
}

func (r *reader) line() (string, bool) {
	for {
		if i := bytes.IndexByte(r.rest, '\n'); i >= 0 {
			line := string(r.rest[:i])
			r.rest = r.rest[i+1:]
			return line, true
		}
		if r.end {
			return "", false
		}
		block := make([]byte, 65536)
		n, err := syscall.Read(0, block)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		r.end = n <= 0
		if n > 0 {
			r.rest = append(r.rest, block[:n]...)
		}
	}
}

// say writes a text that must not be lost when the process dies right after.
func say(text string) {
	for data := []byte(text); len(data) > 0; {
		n, err := syscall.Write(outFD, data)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			syscall.Exit(2)
		}
		data = data[n:]
	}
}
