package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"onemap/layers/cluster"
)

// program prepares one of PostgreSQL's programs, of the server's major version
// or a newer one, for a database unless its URL is empty. The password goes by the environment: arguments are for all to see.
func program(ctx context.Context, binDir, name string, major int, databaseURL string, args ...string) (*exec.Cmd, error) {
	dir := ""
	for _, b := range cluster.Found(binDir) {
		if b.Major == major || dir == "" && b.Major > major {
			dir = b.Dir
		}
		if b.Major == major {
			break
		}
	}
	if dir == "" {
		return nil, fmt.Errorf("%s of PostgreSQL %d: %w: apt-get install postgresql-%d, or name its folder with --postgres-bin", name, major, cluster.ErrMissing, major)
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, errors.New("the database's address is no URL")
	}
	password, _ := u.User.Password()
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	q := u.Query()
	for key := range q { // pgx's own, which libpq refuses
		if strings.HasPrefix(key, "pool_") || strings.HasPrefix(key, "default_query") || strings.HasPrefix(key, "statement_cache") {
			q.Del(key)
		}
	}
	u.RawQuery = q.Encode()
	if databaseURL != "" {
		args = append([]string{"--dbname=" + u.String()}, args...)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, name), args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC", "PGAPPNAME=onemap backup")
	if password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd, nil
}

// run runs a program whose output read takes. Where the program fails, read's reader fails at its end too, so that nothing
// half is kept.
func run(cmd *exec.Cmd, read func(r *output) error) error {
	var errs bytes.Buffer
	cmd.Stderr = &errs
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	out := &output{cmd: cmd, errs: &errs, read: pipe.Read}
	err = read(out)
	if !out.ended {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	return err
}

// output is what a program writes, with its failure as the end.
type output struct {
	cmd   *exec.Cmd
	errs  *bytes.Buffer
	read  func([]byte) (int, error)
	ended bool
}

func (o *output) Read(p []byte) (int, error) {
	n, err := o.read(p)
	if err == nil || o.ended {
		return n, err
	}
	o.ended = true
	if werr := o.cmd.Wait(); werr != nil {
		lines := strings.Split(strings.TrimSpace(o.errs.String()), "\n")
		return n, fmt.Errorf("%s: %w: %s", filepath.Base(o.cmd.Path), werr, strings.Join(lines[max(0, len(lines)-3):], "; "))
	}
	return n, err
}
