package cluster_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/cluster"
	"onemap/layers/layerstest"
)

// childFolder makes this test's program a second process with a cluster in
// that folder, to be killed.
const childFolder = "ONEMAP_CLUSTER_TEST_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		fast := os.Getenv(childFolder+"_FAST") != ""
		c, err := cluster.Start(context.Background(), cluster.Options{Dir: dir, Fast: fast, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(c.URL())
		select {}
	}
	os.Exit(m.Run())
}

// postmaster reads the server's pid.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// A buffer that the logger and the test may use at once.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func TestServerKilled(t *testing.T) {
	testServerKilled(t, true)
}

func TestServerKilledDurable(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	testServerKilled(t, false)
}

func testServerKilled(t *testing.T, fast bool) {
	dir := layerstest.Folder(t)
	var log buffer
	c := start(t, cluster.Options{Dir: dir, Fast: fast, Log: slog.New(slog.NewTextHandler(&log, nil))})
	keep(t, c.URL())

	// A busy backend outlives its server, and would keep a new one from starting.
	busy, err := pgx.Connect(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close(context.Background())
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), `DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$`)
		ended <- err
	}()
	for query[int](t, c.URL(), `SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'`) == 0 {
		time.Sleep(10 * time.Millisecond)
	}

	pid := postmaster(t, dir)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("the busy backend came to an end")
	}
	awaitQuery(t, c.URL())
	if got := postmaster(t, dir); got == pid {
		t.Errorf("the server still has pid %d", got)
	}
	if got := query[int](t, c.URL(), `SELECT n FROM kept`); got != 42 {
		t.Errorf("kept %d", got)
	}
	for c.Restarts() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	for _, want := range []string{"PostgreSQL died", "PostgreSQL is back"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
}

func TestOnemapKilled(t *testing.T) {
	testOnemapKilled(t, true)
}

func TestOnemapKilledDurable(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	testOnemapKilled(t, false)
}

func testOnemapKilled(t *testing.T, fast bool) {
	dir := layerstest.Folder(t)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+dir)
	if fast {
		child.Env = append(child.Env, childFolder+"_FAST=1")
	}
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Process.Kill() })
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		child.Wait()
		t.Fatal(err)
	}
	keep(t, strings.TrimSpace(url))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()

	c := start(t, cluster.Options{Dir: dir, Fast: fast})
	if got := query[int](t, c.URL(), `SELECT n FROM kept`); got != 42 {
		t.Errorf("kept %d", got)
	}
}
