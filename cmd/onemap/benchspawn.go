package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"onemap/cmd/onemap/bench"
)

// spawnServer serves a database in a process of its own, until Stop is called.
func spawnServer(ctx context.Context, dbURL string) (*bench.Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	photos, err := os.MkdirTemp("", "onemap-bench-photos-")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "serve", "--json", "--log-level", "error", "--listen", "127.0.0.1:0", "--photos", photos, "--grace", "1s")
	cmd.Env = append(os.Environ(), "ONEMAP_DATABASE_URL="+dbURL) // not in the list of processes
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // it was told to end
		os.RemoveAll(photos)
	})
	var answer struct {
		URL string `json:"url"`
	}
	if err := json.NewDecoder(out).Decode(&answer); err != nil {
		stop()
		return nil, fmt.Errorf("onemap serve did not begin: %w", err)
	}
	return &bench.Server{URL: answer.URL, Stop: stop, PID: cmd.Process.Pid, CPU: func() time.Duration { return usedCPU(cmd.Process.Pid) }}, nil
}

// usedCPU is the time that a process was on a CPU, in user and system mode, as
// Linux counts it in hundredths of a second; 0 elsewhere.
func usedCPU(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in brackets, may hold blanks: fields are counted after it (proc(5): utime is 14, stime 15).
	_, after, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(after)
	if len(f) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
