package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	backoffLeast = 100 * time.Millisecond
	backoffMost  = 15 * time.Second
	steadyAfter  = time.Minute // a server that lived so long starts the backoff anew
)

// A server is one process of PostgreSQL.
type server struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended
	err    error         // how it ended; read after exited
}

type startResult struct {
	server *server
	err    error
}

// supervise starts the server and starts it again whenever it dies, until
// Stop. The first server goes to first; if that one dies before it was ready,
// Start gives up.
//
// It stays on one thread: the parent-death signal is sent when the thread that
// started the child ends, not the process.
func (c *Cluster) supervise(first chan<- startResult) {
	runtime.LockOSThread()
	defer close(c.done)
	s, err := c.launch()
	first <- startResult{s, err}
	if err != nil {
		return
	}
	wait := backoffLeast
	for {
		began := time.Now()
		s.err = s.cmd.Wait()
		close(s.exited)
		if c.isStopping() {
			return
		}
		if time.Since(began) > steadyAfter {
			wait = backoffLeast
		}
		c.log.Error("PostgreSQL died; starting it again", "how", exitText(s.err), "in", wait)
		if s = c.relaunch(&wait); s == nil {
			return
		}
	}
}

// relaunch starts the server again, trying until it can be started or Stop is
// called; then it returns nil. Waits grow from one try to the next.
func (c *Cluster) relaunch(wait *time.Duration) *server {
	for {
		select {
		case <-time.After(*wait):
		case <-c.life.Done():
			return nil
		}
		*wait = min(2*(*wait), backoffMost)
		if err := c.endLeftovers(c.life); err != nil {
			c.log.Error("PostgreSQL cannot be started yet", "error", err)
			continue
		}
		s, err := c.launch()
		if err != nil {
			c.log.Error("PostgreSQL cannot be started yet", "error", err)
			continue
		}
		go c.announce(s)
		return s
	}
}

// announce says when a restarted server answers again. It ends with the server.
func (c *Cluster) announce(s *server) {
	began := time.Now()
	if err := c.awaitReady(c.life, s); err == nil {
		c.mu.Lock()
		c.restarts++
		n := c.restarts
		c.mu.Unlock()
		c.log.Warn("PostgreSQL is back", "after", time.Since(began).Round(time.Millisecond), "restarts", n)
	}
}

// launch starts one server, unless Stop was called.
func (c *Cluster) launch() (*server, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		return nil, errors.New("stopping")
	}
	out, err := os.OpenFile(c.logFile(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	defer out.Close()
	args := append([]string{"-D", c.data}, c.extra...)
	if !c.opts.Fast && !portFree(c.port) {
		c.log.Warn("another program has PostgreSQL's port: it is reached by its socket only", "port", c.port)
		args = append(args, "-c", "listen_addresses=")
	}
	s := &server{cmd: c.command(context.WithoutCancel(c.life), "postgres", args...), exited: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	c.server = s
	return s, nil
}

// awaitReady returns when the server answers, or with what it said when it
// ended instead. Recovery after a crash may take minutes.
func (c *Cluster) awaitReady(ctx context.Context, s *server) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	said := time.Now()
	for {
		conn, err := pgx.Connect(ctx, c.AdminURL())
		if err == nil {
			return conn.Close(ctx)
		}
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			c.log.Info("waiting for PostgreSQL", "because", err)
		}
		select {
		case <-s.exited:
			return fmt.Errorf("PostgreSQL ended at once (%s): %s", exitText(s.err), c.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// shutDown stops the server and its supervisor, gently at first.
func (c *Cluster) shutDown() error {
	c.mu.Lock()
	c.stopping = true
	s := c.server
	c.mu.Unlock()
	c.end()
	if s == nil {
		<-c.done
		return nil
	}
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGINT, 60 * time.Second}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, time.Minute}} {
		if c.opts.Fast && step.signal == syscall.SIGINT {
			continue // nothing to save
		}
		_ = s.cmd.Process.Signal(step.signal) // it may have ended already
		select {
		case <-c.done:
			if step.signal != syscall.SIGINT && !c.opts.Fast {
				return fmt.Errorf("PostgreSQL did not stop within %s and was stopped by %s: it will recover at its next start", 60*time.Second, step.signal)
			}
			return nil
		case <-time.After(step.patience):
		}
	}
	return errors.New("PostgreSQL does not end")
}

func (c *Cluster) isStopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping
}

func (c *Cluster) logFile() string { return filepath.Join(c.dir, "postgres.log") }

// lastWords is the end of what the server said, from its newest log.
func (c *Cluster) lastWords() string {
	paths, _ := filepath.Glob(filepath.Join(c.data, "log", "*.log")) // the pattern is right, so there is no error
	text, newest := "", time.Time{}
	for _, path := range append(paths, c.logFile()) {
		info, err := os.Stat(path)
		if err != nil || info.Size() == 0 {
			continue
		}
		b, err := os.ReadFile(path)
		if err == nil && info.ModTime().After(newest) && !onlyRedirected(string(b)) {
			text, newest = string(b), info.ModTime()
		}
	}
	return lastLines(text, 4)
}

// onlyRedirected: the server said no more than where its log goes.
func onlyRedirected(s string) bool {
	return strings.Contains(s, "redirecting log output") && !strings.Contains(s, "FATAL")
}

func exitText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}
