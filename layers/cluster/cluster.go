// Package cluster runs a private PostgreSQL with PostGIS and pgRouting in a
// data folder: the embedded default of onemap, and the server of its tests.
//
// The server is a child of this process. It listens on a unix socket in a
// folder of mode 700 and on loopback, where a password is asked (DIR/pgpass).
// It stops when this process ends, however it ends, and is started again when
// it dies by itself. One process at a time may have a data folder.
//
// A data folder holds:
//
//	lock          held while a process uses the folder; names its pid
//	pg/           PostgreSQL's own folder (mode 700)
//	pg/local.conf the operator's settings, never written by onemap
//	run/          the unix socket, where DIR is short enough for one
//	pgpass        the password for loopback, in the format of libpq (mode 600)
//	postgres.log  what PostgreSQL said when it started; after that, pg/log/
//
// Linux only: it relies on flock, /proc and the parent-death signal.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	// ErrInUse: another process uses the data folder.
	ErrInUse = errors.New("data folder is in use")
	// ErrFolder: the data folder cannot be used as it is.
	ErrFolder = errors.New("data folder cannot be used")
	// ErrMissing: a program or an extension is not installed.
	ErrMissing = errors.New("not installed")
)

// AppRole is the role and the database that onemap works with: owner of its
// database, allowed to follow the log, no superuser.
const AppRole = "onemap"

// adminRole is the superuser. It has no password, so that only the unix
// socket lets it in.
const adminRole = "postgres"

// Options says where and how the server runs.
type Options struct {
	Dir    string // the data folder; required. It is made if absent
	BinDir string // folder of PostgreSQL's programs; "": look for them
	User   string // who runs PostgreSQL where we are root; "": postgres
	// Fast gives up durability for tests: no fsync, no loopback, 64 walsenders,
	// and a server that is killed, not shut down, when this process dies.
	Fast bool
	Log  *slog.Logger // nil: slog.Default()
}

// A Cluster is a running server.
type Cluster struct {
	opts  Options
	log   *slog.Logger
	dir   string // absolute, without symbolic links
	data  string // dir/pg
	run   string // folder of the unix socket
	port  int    // of loopback, and in the socket's name
	bin   Binaries
	owner *syscall.Credential // who runs PostgreSQL; nil: we do
	lock  *os.File
	extra []string // arguments of the server, while it recovers

	mu       sync.Mutex
	server   *server // the present one
	stopping bool
	restarts int

	life context.Context // ends with Stop
	end  context.CancelFunc
	done chan struct{} // closed when the supervisor has ended
}

// Start makes the data folder if it is new, starts the server and prepares
// role, database and extensions. It returns when the database answers.
// Stop the cluster when done with it.
//
// It returns an error wrapping [ErrInUse], [ErrFolder] or [ErrMissing] where
// the operator must do something, and says what.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	c := create(ctx, opts)
	if err := c.openFolder(); err != nil {
		c.end()
		return nil, err
	}
	if err := c.start(ctx); err != nil {
		c.end()
		c.lock.Close()
		return nil, err
	}
	return c, nil
}

func create(ctx context.Context, opts Options) *Cluster {
	c := &Cluster{opts: opts, log: opts.Log, done: make(chan struct{})}
	c.life, c.end = context.WithCancel(context.WithoutCancel(ctx))
	if c.log == nil {
		c.log = slog.Default()
	}
	return c
}

// start does what follows once the folder is ours.
func (c *Cluster) start(ctx context.Context) error {
	var err error
	if c.bin, err = c.findBinaries(); err != nil {
		return err
	}
	if err := c.endLeftovers(ctx); err != nil {
		return err
	}
	if err := c.initdb(ctx); err != nil {
		return err
	}
	if err := c.configure(); err != nil {
		return err
	}
	first := make(chan startResult, 1)
	go c.supervise(first) //nolint:contextcheck // the server outlives the call: it lives until Stop
	began := <-first
	err = began.err
	if err == nil {
		err = c.awaitReady(ctx, began.server)
	}
	if err == nil {
		err = c.prepareDatabase(ctx)
	}
	if err != nil {
		_ = c.shutDown() // it failed before that
		return err
	}
	return nil
}

// Stop shuts the server down: open transactions are rolled back, what was
// committed is written out. It is safe to call more than once.
func (c *Cluster) Stop() error {
	err := c.shutDown()
	c.lock.Close() // gives the folder free
	return err
}

// URL is the address of onemap's database, over the unix socket, for this
// process's user.
func (c *Cluster) URL() string { return socketURL(c.run, c.port, AppRole, AppRole) }

// AdminURL is the address of the maintenance database as superuser.
func (c *Cluster) AdminURL() string { return socketURL(c.run, c.port, adminRole, "postgres") }

// LoopbackURL is the address for other programs of this machine, such as QGIS,
// without the password. It is empty for a fast cluster.
func (c *Cluster) LoopbackURL() string {
	if c.opts.Fast {
		return ""
	}
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s", AppRole, c.port, AppRole)
}

// Restarts is how often the server died and was started again.
func (c *Cluster) Restarts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.restarts
}

func (c *Cluster) passFile() string { return filepath.Join(c.dir, "pgpass") }

func socketURL(run string, port int, role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database}
	u.RawQuery = url.Values{"host": {run}, "port": {strconv.Itoa(port)}}.Encode()
	return u.String()
}

// sleep waits for d, or for ctx.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
