package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
)

// DrillOptions say what [Drill] tries, and where.
type DrillOptions struct {
	Target   Target
	Aside    string // folder in which the new city is made for as long as it takes; "": that of temporary files
	BinDir   string
	Log      *slog.Logger
	Progress Progress
}

// A DrillReport says whether a backup can be restored, and what was compared.
type DrillReport struct {
	Backup  string             `json:"backup"`
	Kind    string             `json:"kind"`
	Moment  time.Time          `json:"moment"`
	Tables  int                `json:"tables"`
	Rows    int64              `json:"rows"`
	Audit   access.ChainReport `json:"audit"`
	Photos  int                `json:"photos"` // that the database knows
	Files   int                `json:"files"`
	Bytes   int64              `json:"bytes"`
	Seconds struct {
		Restore float64 `json:"restore"`
		Compare float64 `json:"compare"`
		Files   float64 `json:"files"`
	} `json:"seconds"`
	Faults []string `json:"faults,omitempty"`
	Lost   []string `json:"lost,omitempty"` // what could not be compared, or be brought back
}

// OK says whether the backup is what it says.
func (r *DrillReport) OK() bool { return len(r.Faults) == 0 }

const maxFaults = 50

func (r *DrillReport) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Drill restores the newest backup that has checks, aside, to the place of its
// checks, on a server of its own that only we reach; compares every table, the
// audit's chain, and every file; and removes it all again. A fault of the backup
// is in the report; an error is what kept us from looking.
func Drill(ctx context.Context, o DrillOptions) (r DrillReport, err error) {
	all, err := List(ctx, o.Target)
	if err != nil {
		return r, err
	}
	if len(all) == 0 {
		return r, fmt.Errorf("%w: none was finished", ErrMoment)
	}
	m := all[len(all)-1]
	for i := len(all) - 1; i >= 0 && m.Checks == nil; i-- {
		if all[i].Checks != nil {
			m = all[i]
		}
	}
	r.Backup, r.Kind, r.Moment, r.Lost = m.ID, m.Kind, m.Moment, m.Lost
	dir, err := os.MkdirTemp(o.Aside, "onemap-drill-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Now()
	c, _, err := restore(ctx, RestoreOptions{Target: o.Target, Dir: dir, ID: m.ID, BinDir: o.BinDir, Log: o.Log, Progress: o.Progress, fast: true, atCheck: true})
	r.Seconds.Restore = time.Since(began).Seconds()
	if errors.Is(err, ErrTorn) {
		r.fault("%v", err)
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("restore aside: %w", err)
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	began = time.Now()
	db, err := layers.Open(ctx, c.URL())
	if err != nil {
		return r, err
	}
	defer db.Close()
	list, err := files(ctx, o.Target, m)
	if err != nil {
		r.fault("%v", err)
	}
	if err := Compare(ctx, db, m, list, &r, o.Progress); err != nil {
		return r, err
	}
	r.Seconds.Compare = time.Since(began).Seconds()
	began = time.Now()
	err = r.readFiles(ctx, o, list)
	r.Seconds.Files = time.Since(began).Seconds()
	return r, err
}

// Compare compares a database that was restored to the place of a manifest's
// checks with them: tables, the audit's chain, and that every photo that
// something shows is among the files.
func Compare(ctx context.Context, db *pgxpool.Pool, m Manifest, list []File, r *DrillReport, p Progress) error {
	if m.Checks == nil {
		r.Lost = append(r.Lost, "the backup has no checks: no table was compared")
	} else if err := compareTables(ctx, db, *m.Checks, r, p); err != nil {
		return err
	}
	head := ""
	if m.Checks != nil {
		head = m.Checks.AuditHead
	}
	var err error
	if r.Audit, err = access.VerifyChain(ctx, db, head); err != nil {
		return err
	}
	for _, f := range r.Audit.Faults {
		r.fault("audit: %s", f)
	}
	there := map[string]bool{}
	for _, f := range list {
		there[f.Path] = true
	}
	rows, err := db.Query(ctx, `SELECT DISTINCT photo FROM onemap.incident_photo UNION SELECT photo FROM onemap.task_photo UNION SELECT photo FROM onemap.hazard_photo`)
	if err != nil {
		return err
	}
	photos, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	r.Photos = len(photos)
	for _, id := range photos {
		if !there["photos/"+id[:2]+"/"+id+".jpg"] {
			r.fault("photo %s is in the database and not among the files", id)
		}
	}
	return nil
}

func compareTables(ctx context.Context, db *pgxpool.Pool, want Checks, r *DrillReport, p Progress) error {
	var got *Checks
	err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		got, err = look(ctx, tx, want.Seed, p)
		return err
	})
	if err != nil {
		return err
	}
	have := map[string]TableCheck{}
	for _, t := range got.Tables {
		have[t.Name] = t
	}
	for _, t := range want.Tables {
		g, ok := have[t.Name]
		delete(have, t.Name)
		switch {
		case !ok:
			r.fault("table %s is not there", t.Name)
		case g.Rows != t.Rows:
			r.fault("table %s has %d rows, not %d", t.Name, g.Rows, t.Rows)
		case g.Sum != t.Sum:
			r.fault("table %s has its %d rows, but they are not what they were", t.Name, t.Rows)
		}
		r.Rows += g.Rows
	}
	r.Tables = len(want.Tables)
	for name := range have {
		r.fault("table %s is there and was not", name)
	}
	return nil
}

// readFiles reads every file of the backup and compares it with its hash.
func (r *DrillReport) readFiles(ctx context.Context, o DrillOptions, list []File) error {
	read := map[string]bool{}
	for i, f := range list {
		if read[f.SHA256] {
			continue
		}
		read[f.SHA256] = true
		in, err := get(ctx, o.Target, f.object())
		if err == nil {
			_, err = io.Copy(io.Discard, withContext{ctx, in})
			in.Close()
		}
		switch {
		case errors.Is(err, ErrTorn):
			r.fault("%s: %v", f.Path, err)
		case err != nil:
			return err
		}
		r.Files++
		r.Bytes += f.Bytes
		o.Progress.say("files", int64(i+1), int64(len(list)))
	}
	return nil
}
