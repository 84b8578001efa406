// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

func mode(fd int) uintptr {
	flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFL, 0)
	return flags
}

func deadlines(in, out *os.File) {
	buf := make([]byte, 4)
	need(in.SetReadDeadline(time.Now().Add(time.Millisecond)) == nil, "set")
	_, err := in.Read(buf)
	need(errors.Is(err, os.ErrDeadlineExceeded), "timeout")
	need(in.SetReadDeadline(time.Time{}) == nil, "clear")
	_, err = out.Write([]byte("ab"))
	need(err == nil, "write")
	n, err := in.Read(buf)
	need(n == 2 && err == nil, "data")
	need(out.Close() == nil, "close")
	_, err = in.Read(buf)
	need(err == io.EOF && in.Close() == nil, "end")
}

func main() {
	modes := []uintptr{mode(0), mode(1), mode(2)}
	r, w, err := os.Pipe()
	need(err == nil, "pipe")
	deadlines(r, w)
	fmt.Println("pipe: deadlines")

	f, err := os.CreateTemp(".", "gauntlet-pipes-")
	need(err == nil, "temp")
	fifo := f.Name() + ".f"
	need(syscall.Mkfifo(fifo, 0600) == nil, "mkfifo")
	opened := make(chan *os.File)
	go func() {
		out, _ := os.OpenFile(fifo, os.O_WRONLY, 0)
		opened <- out
	}()
	in, err := os.Open(fifo)
	need(err == nil, "open")
	out := <-opened
	os.Remove(fifo)
	deadlines(in, out)
	fmt.Println("fifo: deadlines")

	os.Remove(f.Name())
	err = f.SetReadDeadline(time.Now().Add(time.Millisecond))
	need(errors.Is(err, os.ErrNoDeadline), "no deadline")
	n, err := f.Write([]byte("ab"))
	need(n == 2 && err == nil, "file")
	need(f.Close() == nil && errors.Is(f.Close(), os.ErrClosed), "close")
	fmt.Println("file: none")

	os.Stdout.Write([]byte("wrapped\n"))
	for i, m := range modes {
		need(mode(i) == m, "mode of a standard descriptor")
	}
	fmt.Println("standard descriptors: as they were")
}
