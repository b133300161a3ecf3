package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"onemap/layers/access"
	"onemap/layers/backup"
	"onemap/layers/cluster"
	"onemap/layers/vault"
)

type restoreCommand struct {
	BackupTarget
	From        string    `arg:"" help:"Where the backups are: a folder, or s3://BUCKET/PREFIX."`
	Data        string    `help:"The new data folder; it must be empty or absent." required:"" placeholder:"DIR"`
	At          time.Time `help:"The moment, 2026-11-23T08:30:00+08:00 (default: the newest)." placeholder:"TIME"`
	Backup      string    `help:"The backup, as \"onemap backup --list\" names it (default: the newest, or that which has the moment)." placeholder:"ID"`
	PostgresBin string    `help:"Folder of PostgreSQL's programs (default: look for them)." placeholder:"DIR"`
}

func (restoreCommand) Help() string {
	return `Makes a data folder for "onemap up", with the city as it was: everything committed up to the moment, nothing after. Each
object is compared with its manifest; a backup that is torn is refused, and nothing is left behind.

What was withdrawn after that moment holds again: look over accounts, API keys and grants. Messages to other systems that
were on their way then are sent again.

Example:
  onemap restore /mnt/backup/city --data /srv/onemap
  onemap restore s3://city-backup/onemap --data /srv/onemap --at 2026-11-23T08:30:00+08:00
  onemap up --data /srv/onemap`
}

func (c restoreCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	from, err := c.target(c.From, false)
	if err != nil {
		return err
	}
	progress, finish := progressOf(t)
	began := time.Now()
	r, err := backup.Restore(ctx, backup.RestoreOptions{Target: from, Dir: c.Data, At: c.At, ID: c.Backup, BinDir: c.PostgresBin, Log: log, Progress: progress})
	finish()
	if err != nil {
		return err
	}
	if err := c.record(ctx, r, log); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	return t.answer(struct {
		backup.Restored
		Data    string  `json:"data"`
		Seconds float64 `json:"seconds"`
	}{r, c.Data, took}, func(w io.Writer) {
		fmt.Fprintf(w, "The city as it was at %s (backup %s, %s), with %d files, in %.1f s.\n", r.Moment.Format(time.RFC3339Nano), r.ID, r.Kind, r.Files, took)
		if r.Key != "" {
			fmt.Fprintf(w, "Its secrets are sealed: put %s, whose key is %s, into %s; without it second factors, sources with a secret and webhooks do not work.\n", vault.FileName, r.Key, c.Data)
		}
		fmt.Fprintf(w, "What was withdrawn since holds again: look over accounts, keys and grants. Then: onemap up --data %s\n", c.Data)
	})
}

// record says in the restored city's audit that it was.
func (c restoreCommand) record(ctx context.Context, r backup.Restored, log *slog.Logger) error {
	db, err := cluster.Start(ctx, cluster.Options{Dir: c.Data, BinDir: c.PostgresBin, Log: log})
	if err != nil {
		return fmt.Errorf("the city is restored, but does not start: %w", err)
	}
	err = recordOperator(ctx, db.URL(), access.Entry{Action: "backup.restore", Object: "city", Result: access.Done,
		Detail: map[string]any{"backup": r.ID, "moment": r.Moment.UTC().Format(time.RFC3339Nano)}})
	if serr := db.Stop(); err == nil {
		err = serr
	}
	return err
}
