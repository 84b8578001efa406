// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"errors"
	"net"
	"os"
)

// Both ends of a connection.
func connectPair() (net.Conn, net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	need(err == nil, "listen")
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	need(err == nil, "dial")
	server, err := listener.Accept()
	need(err == nil, "accept")
	return client, server
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout() && errors.Is(err, os.ErrDeadlineExceeded)
}
