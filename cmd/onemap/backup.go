package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"github.com/schollz/progressbar/v3"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/backup"
	"onemap/layers/vault"
)

// BackupTarget is where backups are.
type BackupTarget struct {
	Endpoint string `help:"S3 server, https://HOST (default: Amazon's); its keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY." name:"s3-endpoint" placeholder:"URL"`
	Region   string `help:"Region of the S3 server." name:"s3-region" placeholder:"NAME"`
}

func (b BackupTarget) target(address string, create bool) (backup.Target, error) {
	return backup.Open(address, backup.S3{Endpoint: b.Endpoint, Region: b.Region}, create)
}

type backupCommand struct {
	Database
	BackupTarget
	SecretKey
	To          string        `arg:"" help:"A folder, better on another machine's disk, or s3://BUCKET/PREFIX."`
	List        bool          `help:"List the backups that are there, and take none."`
	Full        bool          `help:"Take a whole copy, even where the log since the last would do."`
	FullDays    int           `help:"After how many days a whole copy is taken by itself (default: ${default})." default:"7"`
	Dump        bool          `help:"Take a dump, even where base and log could be had."`
	Checks      bool          `help:"Count and sum all tables, for a drill; else once a day and with each whole copy."`
	Every       time.Duration `help:"Stay and take one so often: what is lost with the machine is at most so much." placeholder:"DURATION"`
	KeepDays    int           `help:"Any moment of so many days can be had; 0 keeps everything (default: ${default})." default:"35"`
	KeepMonths  int           `help:"And of so many months the first whole copy (default: ${default})." default:"12"`
	Photos      string        `help:"Folder of the photos (default: photos in the data folder)." placeholder:"DIR"`
	Uploads     string        `help:"Folder of uploaded files (default: uploads beside the photos)." placeholder:"DIR"`
	PostgresBin string        `help:"Folder of PostgreSQL's programs (default: look for them)." placeholder:"DIR"`
}

func (backupCommand) Help() string {
	return `Takes the database, and after it the photos and uploaded files, while the city works. The first backup is a whole copy;
the next ones bring the log since, so "onemap restore --at" can go to any moment in between. A replication slot keeps that log in the
database until a backup has it: take backups regularly, or drop the slot that "onemap doctor" names.

With --database-url, where the role may not replicate or the server has other databases, it is a dump: whole each time, and what was
written between two dumps cannot be brought back. The answer says which it was, and why.

What is in the backup is the city, with the contacts of reporters and the hashes of passwords: protect it like the database. It does
not hold demo-users.txt, settings of the command line, and secret.key, which opens the secrets of second factors, sources and webhooks: keep a
copy of that file elsewhere, and put it into the data folder after a restore.

Example:
  onemap backup /mnt/backup/city
  onemap backup s3://city-backup/onemap --s3-endpoint https://s3.city.example --every 5m
  onemap backup /mnt/backup/city --list`
}

func (c backupCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.Every < 0 || c.KeepDays < 0 || c.KeepMonths < 0 || c.FullDays < 1 {
		return fmt.Errorf("%w: --every, --keep-days and --keep-months are not negative, --full-days is at least 1", errUsage)
	}
	to, err := c.target(c.To, !c.List)
	if err != nil {
		return err
	}
	if c.List {
		return listBackups(ctx, t, to)
	}
	for {
		m, dropped, err := c.take(ctx, t, to, log)
		switch {
		case ctx.Err() != nil && c.Every > 0:
			return nil
		case err != nil && c.Every == 0:
			return err
		case err != nil: // the next may succeed
			log.Error("backup", "error", err)
		default:
			if err := sayBackup(t, to, m, dropped); err != nil {
				return err
			}
		}
		if c.Every == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

func (c backupCommand) take(ctx context.Context, t terminal, to backup.Target, log *slog.Logger) (backup.Manifest, int, error) {
	url, done, err := c.find(ctx, log)
	if err != nil {
		return backup.Manifest{}, 0, err
	}
	defer done()
	if err := checkSchema(ctx, url); err != nil {
		return backup.Manifest{}, 0, err
	}
	// Before the copy, so that it is in it: who took one has everything in hand.
	if err := recordOperator(ctx, url, access.Entry{Action: "backup.take", Object: "city", Result: access.Done, Detail: map[string]any{"to": to.String()}}); err != nil {
		return backup.Manifest{}, 0, err
	}
	folders := Config{Database: c.Database, Photos: c.Photos, Uploads: c.Uploads}
	key, err := vault.Read(c.SecretKey.path(c.folder()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // only its number would be told
		log.Warn("the key of secrets", "error", err)
	}
	progress, finish := progressOf(t)
	defer finish()
	return backup.Take(ctx, backup.Options{
		Target: to, URL: url, BinDir: c.PostgresBin, Program: programVersion(), Key: key.ID(),
		Folders: map[string]string{"photos": folders.photos(), "uploads": folders.uploads()},
		Full:    c.Full, FullDays: c.FullDays, Dump: c.Dump, Checks: c.Checks,
		Keep: backup.Rule{Days: c.KeepDays, Months: c.KeepMonths}, Progress: progress,
	})
}

// recordOperator writes what the operator does to the audit of the city at url.
func recordOperator(ctx context.Context, url string, e access.Entry) error {
	db, err := layers.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	return access.NewAudit(db).Record(ctx, operator(), e)
}

// progressOf shows each step of a long work as a bar.
func progressOf(t terminal) (backup.Progress, func()) {
	var bar *progressbar.ProgressBar
	step := ""
	finish := func() {
		if bar != nil {
			_ = bar.Finish() // it is only looked at
		}
	}
	return func(name string, done, total int64) {
		if name != step {
			finish()
			step, bar = name, progressbar.NewOptions64(-1, barOptions(t, name, name != "files" && name != "checks")...)
		}
		if total > 0 {
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(done)
	}, finish
}

type backupRow struct {
	ID      string    `json:"backup"`
	Kind    string    `json:"kind"`
	Whole   bool      `json:"whole"`
	From    time.Time `json:"from"` // the first moment that it can be brought to
	Moment  time.Time `json:"to"`
	New     int64     `json:"new_bytes"`
	Files   int       `json:"files"`
	Checked bool      `json:"checked"`
	SHA256  string    `json:"sha256"` // of its manifest: kept elsewhere, it shows that nobody changed it
	Lost    []string  `json:"lost,omitempty"`
}

func backupRowOf(m backup.Manifest) backupRow {
	r := backupRow{m.ID, m.Kind, m.Full(), m.Moment, m.Moment, m.NewBytes, m.FileCount, m.Checks != nil, m.Hash(), m.Lost}
	if m.Base != nil {
		r.From = m.Base.Ended
	}
	return r
}

func sayBackup(t terminal, to backup.Target, m backup.Manifest, dropped int) error {
	row := backupRowOf(m)
	return t.answer(struct {
		backupRow
		Dropped int `json:"dropped"`
	}{row, dropped}, func(w io.Writer) {
		what := "the log since the last"
		if m.Full() {
			what = "whole"
		}
		fmt.Fprintf(w, "Backup %s in %s: %s (%s), %s new, %d files (%d new).\n", m.ID, to, what, m.Kind, megabytes(m.NewBytes), m.FileCount, m.NewFiles)
		fmt.Fprintf(w, "Any moment can be had from %s to %s.\n", row.From.Format(time.RFC3339), m.Moment.Format(time.RFC3339))
		for _, l := range m.Lost {
			fmt.Fprintln(w, "Not had:", l)
		}
		if m.Key != "" {
			fmt.Fprintf(w, "Its secrets are sealed with the key %s, which is not in it: keep a copy of %s elsewhere.\n", m.Key, vault.FileName)
		}
		if dropped > 0 {
			fmt.Fprintf(w, "%d older backups were let go by the rule.\n", dropped)
		}
	})
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func listBackups(ctx context.Context, t terminal, to backup.Target) error {
	all, err := backup.List(ctx, to)
	if err != nil {
		return err
	}
	rows := make([]backupRow, len(all))
	for i, m := range all {
		rows[i] = backupRowOf(m)
	}
	return t.answer(rows, func(w io.Writer) {
		table(w, "BACKUP\tKIND\tWHOLE\tFROM\tTO\tNEW\tFILES\tCHECKED", func(line func(format string, args ...any)) {
			for _, r := range rows {
				line("%s\t%s\t%v\t%s\t%s\t%s\t%d\t%v", r.ID, r.Kind, r.Whole, r.From.Format(time.RFC3339), r.Moment.Format(time.RFC3339), megabytes(r.New), r.Files, r.Checked)
			}
		})
	})
}
