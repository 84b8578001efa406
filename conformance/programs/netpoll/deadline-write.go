// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"io"
	"time"
)

const size = 64 << 20 // more than the buffers of both sides hold

func main() {
	a, b := connectPair()
	a.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
	sent, err := a.Write(make([]byte, size))
	need(isTimeout(err), "a write nobody reads")
	need(sent > 0 && sent < size, "a part went out")
	fmt.Println("write: timeout after a part")
	need(a.Close() == nil, "close")
	got, err := io.Copy(io.Discard, b)
	need(err == nil && got == int64(sent), "as much arrives as was reported")
	fmt.Println("arrived: exactly that part")
}
