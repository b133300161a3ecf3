package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/cluster"
	"onemap/layers/setup"
)

type upCommand struct {
	Config
	City string `help:"What a new data folder starts with: ${enum}." enum:"demo,none" default:"demo"`
	Name string `help:"The city's name, as the pages show it; it may be given at any start." placeholder:"NAME"`
	// PostgresBin is for machines that are not Debian's.
	PostgresBin string `help:"Folder of PostgreSQL's programs (default: look for them)." placeholder:"DIR"`

	fast bool // for tests: see cluster.Options
}

func (upCommand) Help() string {
	return `The first start makes the data folder, the schema, the demo city, and one account for each role, whose
passwords are shown once and kept in demo-users.txt. A later start goes on with what is there.
With --city none the city is empty, for imports of your own; see "onemap import --help".

Example:
  onemap up
  onemap up --data /srv/onemap --listen 0.0.0.0:8080 --city none --name Portland`
}

func (c upCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	return up(ctx, c, log, func(addr net.Addr, accounts []access.Seeded) {
		_ = t.answer(map[string]any{"url": "http://" + addr.String(), "data": c.folder(), "accounts": accountRows(accounts)}, func(w io.Writer) {
			greet(w, addr, c.folder(), accounts)
		})
	})
}

// up starts the private database, prepares the city and serves until ctx ends.
// ready is called with the bound address, and the accounts that were made now.
func up(ctx context.Context, c upCommand, log *slog.Logger, ready func(net.Addr, []access.Seeded)) (err error) {
	if c.DatabaseURL != "" {
		return fmt.Errorf("%w: up brings its own database; use \"onemap serve\" with --database-url", errUsage)
	}
	// Before the database, which takes seconds: is the address free?
	if ln, err := net.Listen("tcp", c.Listen); err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address with --listen", c.Listen, err)
	} else if err := ln.Close(); err != nil {
		return err
	}
	c.Data = c.folder()
	log.Info("starting PostgreSQL", "data", c.Data)
	db, err := cluster.Start(ctx, cluster.Options{Dir: c.Data, BinDir: c.PostgresBin, Fast: c.fast, Log: log})
	if err != nil {
		return err
	}
	defer func() {
		log.Info("stopping PostgreSQL")
		err = errors.Join(err, db.Stop())
	}()
	c.Config.DatabaseURL = db.URL()
	if c.Photos == "" {
		c.Photos = filepath.Join(c.Data, "photos")
	}
	c.makeKey = true
	accounts, err := prepare(ctx, c, log)
	if err != nil {
		return err
	}
	return run(ctx, c.Config, log, func(addr net.Addr) { ready(addr, accounts) })
}

// prepare brings the schema up to date and fills a new city. It returns the
// accounts that it made.
func prepare(ctx context.Context, c upCommand, log *slog.Logger) ([]access.Seeded, error) {
	steps, err := layers.Migrate(ctx, c.Config.DatabaseURL)
	if err != nil {
		return nil, err
	}
	log.Info("schema is up to date", "steps", steps)
	db, err := layers.Open(ctx, c.Config.DatabaseURL)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	state, err := setup.Read(ctx, db)
	if err != nil {
		return nil, err
	}
	if state.Done { // --city is for new folders
		log.Info("going on with the city that is there", "city", state.City)
		return nil, rename(ctx, db, c.Name)
	}
	if state.City == "" {
		state.City = c.City
	}
	if err := setup.Write(ctx, db, state); err != nil {
		return nil, err
	}
	directory := access.NewDirectory(db)
	defer directory.Close()
	orgs, err := fill(ctx, state.City, layers.NewStore(db), directory, log)
	if err != nil {
		return nil, err
	}
	accounts, err := directory.SeedUsers(ctx, operator(), orgs.Seeds())
	if err != nil {
		return nil, err
	}
	if err := keepAccounts(filepath.Join(c.Data, "demo-users.txt"), accounts); err != nil {
		return nil, err
	}
	state.Done = true
	return accounts, errors.Join(setup.Write(ctx, db, state), rename(ctx, db, c.Name))
}

// rename gives the city the name that was typed, if any.
func rename(ctx context.Context, db *pgxpool.Pool, name string) error {
	if name == "" {
		return nil
	}
	return setup.Rename(ctx, db, name)
}

// keepAccounts writes the first passwords where only the operator reads them.
// Accounts of a set-up that was cut short keep the line they have.
func keepAccounts(path string, accounts []access.Seeded) error {
	var b strings.Builder
	for _, a := range accounts {
		if a.Password != "" {
			fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", a.Login, a.Password, joinRoles(a.Roles), a.Name)
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep the first passwords: %w", err)
	}
	_, err = f.WriteString(b.String())
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep the first passwords: %w", err)
	}
	return nil
}

type account struct {
	Login    string        `json:"login"`
	Name     string        `json:"name"`
	Org      string        `json:"org"`
	Roles    []access.Role `json:"roles"`
	Password string        `json:"password,omitempty"`
}

func accountRows(accounts []access.Seeded) []account {
	rows := make([]account, len(accounts))
	for i, a := range accounts {
		rows[i] = account(a)
	}
	return rows
}

// greet says where to look, and who may sign in.
func greet(w io.Writer, addr net.Addr, dir string, accounts []access.Seeded) {
	if len(accounts) > 0 {
		fmt.Fprintln(w)
		table(w, "ACCOUNT\tPASSWORD\tROLE\tNAME", func(line func(format string, args ...any)) {
			for _, a := range accounts {
				line("%s\t%s\t%s\t%s", a.Login, a.Password, joinRoles(a.Roles), a.Name)
			}
		})
		fmt.Fprintf(w, "These passwords are shown only now; they are kept in %s.\n", filepath.Join(dir, "demo-users.txt"))
	}
	fmt.Fprintf(w, "\nCommand centre  http://%s/\nPhone page      http://%s/m\nStop with Ctrl-C.\n", addr, addr)
}
