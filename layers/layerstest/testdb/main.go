// Command testdb runs a command with one PostgreSQL server for all tests:
//
//	go run ./layers/layerstest/testdb -- go test ./...
//
// The command finds the server's address in ONEMAP_TEST_DATABASE_URL. A server
// that this variable names already is used instead. testdb ends with the
// command's exit status.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"onemap/layers/cluster"
	"onemap/layers/layerstest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: testdb -- COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	status, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testdb:", err)
	}
	os.Exit(status)
}

// run returns the command's exit status.
func run(args []string) (status int, err error) {
	// The terminal sends Ctrl-C to the command too; we stop the server after it.
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	if os.Getenv(layerstest.URLVariable) == "" {
		dir, err := layerstest.MakeFolder()
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(dir)
		log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		c, err := cluster.Start(ctx, cluster.Options{Dir: dir, Fast: true, Log: log})
		if err != nil {
			return 1, err
		}
		defer c.Stop() //nolint:errcheck // its folder is thrown away
		cmd.Env = append(cmd.Env, layerstest.URLVariable+"="+c.AdminURL())
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil // -1: ended by a signal
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
