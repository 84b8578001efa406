// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	connections = 100
	patience    = 10 * time.Second // for the load to start
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "net:", err)
		os.Exit(1)
	}
}

func serve(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 512)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err = conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

func acceptAll(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go serve(conn)
	}
}

// cpuTime is that of this process, all threads, in microseconds.
func cpuTime() float64 {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}

// loadPath is that of echo_load, next to the programs of the other side.
func loadPath() string {
	exe, err := os.Executable()
	check(err)
	return filepath.Join(filepath.Dir(exe), "..", "opt", "bench", "echo_load")
}

// echo serves n requests of 100 connections, a goroutine for each. ../echo_load.c is the load, and prints the rate.
func echo(n int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	port := listener.Addr().(*net.TCPAddr).Port
	load := exec.Command(loadPath(), strconv.Itoa(port), strconv.Itoa(connections), strconv.Itoa(n))
	load.Stdout, load.Stderr = os.Stdout, os.Stderr
	check(load.Start())
	check(listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	control, err := listener.Accept()
	check(err)
	check(listener.(*net.TCPListener).SetDeadline(time.Time{}))
	go acceptAll(listener)
	start := 0.0
	word := make([]byte, 1)
	for {
		if _, err := control.Read(word); err != nil {
			break
		}
		if word[0] == 'b' {
			start = cpuTime()
		} else {
			printFigure("echo.cpu", (cpuTime()-start)/float64(n))
		}
		_, err := control.Write(word)
		check(err)
	}
	check(load.Wait())
}

var netBenches = []bench{
	{name: "echo", report: echo},
}
