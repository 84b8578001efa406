// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	each     = 10
	starters = 4
)

var (
	all  sync.WaitGroup
	stop int64
)

func run(script string) (string, syscall.WaitStatus) {
	cmd := exec.Command("sh", "-c", script)
	text, _ := cmd.Output()
	return string(text), cmd.ProcessState.Sys().(syscall.WaitStatus)
}

func starter() {
	for i := 0; i < each; i++ {
		var blocked, ignored, caught uint64
		text, status := run("sed -n 's/^Sig[BIC]..://p' /proc/self/status")
		n, _ := fmt.Sscanf(text, "%x\n%x\n%x", &blocked, &ignored, &caught)
		need(status.Exited() && status.ExitStatus() == 0 && n == 3, "status")
		need((blocked|ignored|caught)&0x7fffffff == 0, text)
	}
	all.Done()
}

func main() {
	subscribe(1, syscall.SIGUSR1, syscall.SIGTERM)
	all.Add(starters)
	for i := 0; i < starters; i++ {
		go starter()
	}
	var ended sync.WaitGroup
	ended.Add(1)
	go func() {
		for atomic.LoadInt64(&stop) == 0 {
			send(syscall.SIGUSR1)
			runtime.Gosched()
		}
		ended.Done()
	}()
	all.Wait()
	atomic.StoreInt64(&stop, 1)
	ended.Wait()
	fmt.Println("children under signals: clean masks and handlers")
	_, status := run("kill -TERM $$; sleep 10")
	need(status.Signaled() && status.Signal() == syscall.SIGTERM, "died by the signal")
	_, status = run("exit 9")
	need(status.Exited() && status.ExitStatus() == 9, "exited")
	fmt.Println("their ends: told apart")
}
