package layerstest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"onemap/layers/cluster"
)

// URLVariable names the server that the tests of all packages share.
const URLVariable = "ONEMAP_TEST_DATABASE_URL"

// server is the PostgreSQL that tests use: the one that make test started, or
// where there is none (go test of one package) one of this process.
func server(t testing.TB) string {
	t.Helper()
	if url := os.Getenv(URLVariable); url != "" {
		return url
	}
	own.once.Do(func() { own.url, own.err = startOwn() })
	if own.err != nil {
		t.Fatalf("start PostgreSQL for tests: %v", own.err)
	}
	return own.url
}

var own struct {
	once sync.Once
	url  string
	err  error

	alive *os.File // open until this process ends
}

// startOwn starts a server that ends with this process: the kernel kills it
// (cluster.Options.Fast), and a shell that notices our end removes its folder.
func startOwn() (string, error) {
	dir, err := MakeFolder()
	if err != nil {
		return "", err
	}
	if err := removeAfterUs(dir); err != nil {
		return "", err
	}
	c, err := cluster.Start(context.Background(), cluster.Options{Dir: dir, Fast: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	return c.AdminURL(), nil
}

// removeAfterUs starts a shell that removes dir when this process has ended,
// which it sees as the end of its input. A test's process has no other hook
// for that where the package has no TestMain.
func removeAfterUs(dir string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	// PostgreSQL may write a last file while the folder is removed: try again.
	sh := exec.Command("sh", "-c", `cat; for i in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" 2>/dev/null && exit; sleep 1; done`, "sh", dir)
	sh.Stdin = r
	sh.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C is not for it
	if err := sh.Start(); err != nil {
		return fmt.Errorf("start the shell that cleans up: %w", err)
	}
	go sh.Wait()  //nolint:errcheck // it ends after us
	own.alive = w // else the garbage collector would close it
	return nil
}
