package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endLeftovers ends servers that still run on the folder although nobody
// holds its lock: onemap was killed and its server is still shutting down, or
// the server was killed and left busy backends, which would keep a new one from
// starting. What they leave behind in files is removed.
func (c *Cluster) endLeftovers(ctx context.Context) error {
	pids := c.leftovers()
	if len(pids) > 0 {
		c.log.Info("ending the PostgreSQL of an earlier onemap", "pids", pids)
	}
	// Fast shutdown first, which writes everything out. SIGINT means that to the
	// server; to a backend without one it cancels the query, after which the
	// backend notices that its server is gone.
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGINT, 60 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 10 * time.Second}} {
		for _, pid := range pids {
			if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("end PostgreSQL %d: %w", pid, err)
			}
		}
		for end := time.Now().Add(step.patience); len(pids) > 0 && time.Now().Before(end); {
			if err := sleep(ctx, 20*time.Millisecond); err != nil {
				return err
			}
			pids = c.leftovers()
		}
	}
	if len(pids) > 0 {
		return fmt.Errorf("%w: PostgreSQL processes %v on %s do not end: end them by hand", ErrInUse, pids, c.data)
	}
	return c.removeStale()
}

// leftovers lists the processes whose working folder is PostgreSQL's folder:
// its server and backends, and nothing else.
func (c *Cluster) leftovers() []int {
	var pids []int
	all, _ := filepath.Glob("/proc/[0-9]*/cwd") // the pattern is right, so there is no error
	for _, cwd := range all {
		if at, err := os.Readlink(cwd); err != nil || at != c.data {
			continue
		}
		proc := filepath.Dir(cwd)
		comm, err := os.ReadFile(filepath.Join(proc, "comm"))
		if err != nil || !strings.HasPrefix(string(comm), "postgres") {
			continue // an operator's shell, say
		}
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// removeStale removes pid files of servers that are gone. PostgreSQL would do
// so itself, except where another process has the number by now.
func (c *Cluster) removeStale() error {
	stale, _ := filepath.Glob(filepath.Join(c.run, ".s.PGSQL.*")) // the pattern is right, so there is no error
	for _, path := range append(stale, filepath.Join(c.data, "postmaster.pid")) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
	}
	return nil
}
