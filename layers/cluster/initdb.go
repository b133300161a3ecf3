package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// initdb makes PostgreSQL's folder where it is absent. It works in pg.new and
// renames that when all is there, so that one cut short begins anew.
func (c *Cluster) initdb(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.data, "PG_VERSION")); err == nil {
		return nil
	}
	if err := os.Remove(c.data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is there but is no PostgreSQL folder: %w", ErrFolder, c.data, err)
	}
	fresh := c.data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if err := c.give(fresh, 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	args := []string{
		"--pgdata=" + fresh, "--username=" + adminRole, "--encoding=UTF8",
		"--locale=C.UTF-8", // under C, pg_trgm finds no Chinese
		"--auth-local=peer", "--auth-host=scram-sha-256",
	}
	if c.opts.Fast {
		args = append(args, "--no-sync")
	} else {
		args = append(args, "--data-checksums")
	}
	cmd := c.command(ctx, "initdb", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("initdb: %w: %s", err, lastLines(string(out), 5))
	}
	if err := os.Rename(fresh, c.data); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return nil
}

// command prepares one of PostgreSQL's programs, as the user who runs it and
// with nothing of our environment that could turn it elsewhere (PGDATA, PGPORT).
func (c *Cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin.Dir, name), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + c.bin.Dir + ":/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true, // a Ctrl-C in the terminal is for us: we shut it down in order
		Pdeathsig: syscall.SIGINT,
	}
	if c.opts.Fast {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	}
	if c.owner != nil {
		cmd.SysProcAttr.Credential = c.owner
	}
	return cmd
}

// lastLines returns the last n lines of s as one.
func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
