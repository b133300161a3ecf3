package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"onemap/layers"
	"onemap/layers/simulate"
	"onemap/web/drive"
)

type simulateCommand struct {
	Database
	Seed    uint64 `help:"The same seed makes the same city." default:"1"`
	Size    string `help:"${enum}." enum:"small,city,metro" default:"small"`
	Now     string `help:"The moment the city is shown at (default: the beginning of this hour)." placeholder:"RFC3339"`
	Replace bool   `help:"Replace data that is not simulated, too."`

	Live    bool     `help:"Do not load a city: go on reporting, handling and moving against a running server."`
	URL     string   `help:"Of the server, for --live." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Rate    float64  `help:"Reports a second, for --live." default:"0.2"`
	Account []string `help:"Who acts, for --live: LOGIN:PASSWORD or an API key (default: those of demo-users.txt in the data folder)." placeholder:"ACCOUNT" sep:"none"`
}

func (simulateCommand) Help() string {
	return `Puts a made-up county city in the place of the map's content: small (42 km²) is what "up" shows, city has a million
components and two million incidents, metro ten million components. It takes the place of an earlier one all at once.

With --live it acts on a running server through its public API, by the rights of the accounts it is given, until Ctrl-C.

Example:
  onemap simulate --seed 7 --size city --database-url postgres://localhost/city
  onemap simulate --live --rate 2`
}

func (c simulateCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.Live {
		return c.drive(ctx, t, log)
	}
	o := simulate.Options{Seed: c.Seed, Size: c.Size, Replace: c.Replace}
	if c.Now != "" {
		now, err := time.Parse(time.RFC3339, c.Now)
		if err != nil {
			return fmt.Errorf("%w: --now must be a time such as 2026-11-22T08:00:00+08:00", errUsage)
		}
		o.Now = now
	}
	db, done, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	bar := progressbar.NewOptions64(-1, barOptions(t, "rows", false)...)
	last := ""
	var before, now int64 // rows of the tables that are done, and of this one
	o.Progress = func(table string, done, _ int64) {
		if table != last {
			before, last = before+now, table
			bar.Describe(table)
		}
		now = done
		_ = bar.Set64(before + now)
	}
	sum, err := simulate.Load(ctx, layers.NewStore(db), o)
	_ = bar.Finish()
	if errors.Is(err, simulate.ErrOtherData) {
		return fmt.Errorf("%w: give --replace to lose it, or name another database", err)
	}
	if err != nil {
		return err
	}
	return t.answer(sum, func(w io.Writer) {
		fmt.Fprintf(w, "A city of %.0f km² and %d people (seed %d, size %s) as of %s, in %s.\n", sum.AreaKM2, sum.People, sum.Seed, sum.Size,
			sum.Now.Local().Format(time.DateTime), sum.Duration.Round(100*time.Millisecond))
		names := make([]string, 0, len(sum.Rows))
		for name := range sum.Rows {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			fmt.Fprintf(w, "%12d  %s\n", sum.Rows[name], name)
		}
	})
}

// drive acts on a running server until ctx ends.
func (c simulateCommand) drive(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.Rate <= 0 {
		return fmt.Errorf("%w: --rate must be over 0", errUsage)
	}
	accounts, err := c.accounts()
	if err != nil {
		return err
	}
	fmt.Fprintf(t.err, "Driving %s with %d accounts at %g reports a second. Stop with Ctrl-C.\n", c.URL, len(accounts), c.Rate)
	counts, err := drive.Run(ctx, drive.Options{URL: c.URL, Accounts: accounts, Rate: c.Rate, Seed: c.Seed, Log: log})
	fmt.Fprintln(t.err, counts)
	return err
}

func (c simulateCommand) accounts() ([]drive.Account, error) {
	var out []drive.Account
	for _, a := range c.Account {
		if login, password, ok := strings.Cut(a, ":"); ok {
			out = append(out, drive.Account{Login: login, Password: password})
		} else {
			out = append(out, drive.Account{Key: a})
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	path := filepath.Join(c.folder(), "demo-users.txt")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("no --account was given, and the demo's are not to be read: %w", err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for in.Scan() {
		// login, password, roles, name. Administrators have no part in this.
		if col := strings.Split(in.Text(), "\t"); len(col) >= 3 && !strings.Contains(col[2], "admin") && !strings.Contains(col[2], "auditor") {
			out = append(out, drive.Account{Login: col[0], Password: col[1]})
		}
	}
	if len(out) == 0 && in.Err() == nil {
		return nil, fmt.Errorf("%s names no accounts: give --account", path)
	}
	return out, in.Err()
}
