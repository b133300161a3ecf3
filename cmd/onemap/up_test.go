package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/cluster"
	"onemap/layers/layerstest"
	"onemap/migrations"
)

var quiet = slog.New(slog.DiscardHandler)

// A node is a server that runs in this test.
type node struct {
	url      string
	accounts []access.Seeded
	stop     func() error // and wait until it has ended
}

func startUp(t *testing.T, dir, city string) node {
	t.Helper()
	c := upCommand{City: city, fast: true}
	c.Data, c.Listen, c.Grace, c.Timeout = dir, "127.0.0.1:0", 20*time.Second, 30*time.Second
	return startNode(t, func(ctx context.Context, ready func(net.Addr, []access.Seeded)) error {
		return up(ctx, c, quiet, ready)
	})
}

func startNode(t *testing.T, run func(context.Context, func(net.Addr, []access.Seeded)) error) node {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	type up struct {
		addr     net.Addr
		accounts []access.Seeded
	}
	ready, ended := make(chan up, 1), make(chan error, 1)
	go func() {
		ended <- run(ctx, func(a net.Addr, accounts []access.Seeded) { ready <- up{a, accounts} })
	}()
	select {
	case u := <-ready:
		n := node{url: "http://" + u.addr.String(), accounts: u.accounts}
		stopped := false
		n.stop = func() error {
			if stopped {
				return nil
			}
			stopped = true
			cancel()
			return <-ended
		}
		t.Cleanup(func() {
			if err := n.stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
		})
		return n
	case err := <-ended:
		cancel()
		t.Fatalf("it did not start: %v", err)
		return node{}
	}
}

// get returns a JSON answer.
func get(t *testing.T, url string) map[string]any {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %s: %s", url, resp.Status, b)
	}
	v["status"] = resp.StatusCode
	return v
}

func signIn(t *testing.T, base, login, password string) int {
	t.Helper()
	body, err := json.Marshal(map[string]string{"login": login, "password": password})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(base+"/api/v1/session", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestUp(t *testing.T) {
	dir := layerstest.Folder(t)
	n := startUp(t, dir, "none")
	if len(n.accounts) == 0 {
		t.Fatal("it made no accounts")
	}
	if got := get(t, n.url+"/readyz"); got["status"] != 200 || got["database"] != "ok" {
		t.Errorf("/readyz says %v", got)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "demo-users.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "demo-users.txt")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("demo-users.txt: %v, %v", info.Mode(), err)
	}
	roles := make(map[access.Role]bool)
	for _, a := range n.accounts {
		if !strings.Contains(string(kept), a.Login+"\t"+a.Password+"\t") {
			t.Errorf("the password of %s is not kept", a.Login)
		}
		for _, r := range a.Roles {
			roles[r] = true
		}
	}
	for _, r := range access.Roles {
		if r != access.PublicRole && !roles[r] {
			t.Errorf("nobody has the role %s", r)
		}
	}
	a := n.accounts[0]
	if got := signIn(t, n.url, a.Login, a.Password); got/100 != 2 {
		t.Errorf("%s signs in: %d", a.Login, got)
	}
	if got := signIn(t, n.url, a.Login, "wrong"); got != http.StatusUnauthorized {
		t.Errorf("with a wrong password: %d", got)
	}

	t.Run("other commands use its database while it runs", func(t *testing.T) {
		status, out, errs := typed(t, "user", "list", "--data", dir)
		if status != statusDone || !strings.Contains(out, a.Login) {
			t.Errorf("status %d, printed %q, said %q", status, out, errs)
		}
	})
	t.Run("a second copy is refused", func(t *testing.T) {
		status, _, errs := typed(t, "up", "--data", dir, "--listen", "127.0.0.1:0")
		if status != statusFailed || !strings.Contains(errs, fmt.Sprint("pid ", os.Getpid())) {
			t.Errorf("status %d, said %q", status, errs)
		}
	})

	if err := n.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	n = startUp(t, dir, "none")
	if len(n.accounts) != 0 {
		t.Errorf("the second start made accounts: %v", n.accounts)
	}
	if got := signIn(t, n.url, a.Login, a.Password); got/100 != 2 {
		t.Errorf("%s signs in after a restart: %d", a.Login, got)
	}
	if err := n.stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if status, _, errs := typed(t, "up", "--data", dir, "--listen", "127.0.0.1:0", "--name", " \t"); status != statusFailed || !strings.Contains(errs, "name: give 1 to 60 characters") {
		t.Errorf("a name of nothing: status %d, said %q", status, errs)
	}
}

// An older schema is lifted in place, and what is in it stays.
func TestUpgrade(t *testing.T) {
	dir := layerstest.Folder(t)
	db, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, Fast: true, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := pgx.ParseConfig(db.URL())
	if err != nil {
		t.Fatal(err)
	}
	std := stdlib.OpenDB(*cfg)
	p, err := goose.NewProvider(goose.DialectPostgres, std, migrations.FS, goose.WithTableName("public.goose_db_version"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 5); err != nil { // the first schema that had layers
		t.Fatal(err)
	}
	if _, err := std.Exec(`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('old', 'city', 'government', '', '旧', 'Old')`); err != nil {
		t.Fatal(err)
	}
	std.Close()
	if err := db.Stop(); err != nil {
		t.Fatal(err)
	}

	n := startUp(t, dir, "none")
	if got := get(t, n.url+"/readyz"); got["status"] != 200 {
		t.Errorf("/readyz says %v", got)
	}
	url, err := cluster.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	have, want, err := layers.SchemaVersion(t.Context(), url)
	if err != nil || have != want || want <= 5 {
		t.Errorf("the schema is %d, want %d (%v)", have, want, err)
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	var orgs int
	if err := c.QueryRow(t.Context(), `SELECT count(*) FROM onemap.organisation`).Scan(&orgs); err != nil || orgs != 1 {
		t.Errorf("there are %d organisations, want the old one alone (%v)", orgs, err)
	}
}

// A database that grants no replication is served, and /readyz says what is lost.
func TestServeWithoutReplication(t *testing.T) {
	url := layerstest.URL(t)
	cfg := Config{Listen: "127.0.0.1:0", Photos: filepath.Join(t.TempDir(), "photos"), Grace: time.Second, Timeout: 10 * time.Second}
	cfg.DatabaseURL = plainRole(t, url)
	n := startNode(t, func(ctx context.Context, ready func(net.Addr, []access.Seeded)) error {
		return run(ctx, cfg, quiet, func(a net.Addr) { ready(a, nil) })
	})
	var got map[string]any
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = get(t, n.url+"/readyz"); got["feed"] == "off" {
			break
		}
	}
	lost, _ := got["lost"].([]any)
	if got["status"] != 200 || got["feed"] != "off" || len(lost) == 0 || !strings.Contains(fmt.Sprint(got["why"]), "REPLICATION") {
		t.Errorf("/readyz says %v", got)
	}
}

// What is open when the server is told to stop is finished.
func TestOpenRequestsFinish(t *testing.T) {
	began, goOn := make(chan bool), make(chan bool)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-goOn
		fmt.Fprint(w, "whole")
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveHTTP(ctx, Config{Grace: time.Minute}, ln, h, quiet, func(net.Addr) {})
	}()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-began
	cancel()
	close(goOn)
	if got := <-answer; got != "whole" {
		t.Errorf("the open request got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
