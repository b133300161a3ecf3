package backup_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/backup"
	"onemap/layers/cluster"
	"onemap/layers/layerstest"
)

var quiet = slog.New(slog.DiscardHandler)

// A city is one with its own server.
type city struct {
	db     *pgxpool.Pool
	url    string
	photos string
	dir    string // for whatever the test makes
}

func newCity(t *testing.T) *city {
	t.Helper()
	dir := layerstest.Folder(t)
	c, err := cluster.Start(t.Context(), cluster.Options{Dir: filepath.Join(dir, "city"), Fast: true, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
	if _, err := layers.Migrate(t.Context(), c.URL()); err != nil {
		t.Fatal(err)
	}
	db, err := layers.Open(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w := &city{db: db, url: c.URL(), photos: filepath.Join(dir, "city", "photos"), dir: dir}
	w.exec(t, `CREATE TABLE map.note (id bigint PRIMARY KEY, said text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())`)
	w.exec(t, `CREATE UNLOGGED TABLE map.scratch AS SELECT 1 AS n`)
	for range 3 {
		if err := access.NewAudit(db).Record(t.Context(), access.Operator("test"), access.Entry{Action: "note.write", Object: "note/1", Result: access.Done}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := access.NewAudit(db).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.photo(t, "a photo")
	return w
}

func (w *city) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// note writes one and returns a moment after it and before whatever comes next.
func (w *city) note(t *testing.T, id int, said string) (after time.Time) {
	t.Helper()
	w.exec(t, `INSERT INTO map.note (id, said) VALUES ($1, $2)`, id, said)
	if err := w.db.QueryRow(t.Context(), `SELECT clock_timestamp() FROM pg_sleep(0.002)`).Scan(&after); err != nil {
		t.Fatal(err)
	}
	w.exec(t, `SELECT pg_sleep(0.002)`)
	return after
}

func (w *city) photo(t *testing.T, content string) (id string) {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	id = hex.EncodeToString(sum[:])
	if err := os.MkdirAll(filepath.Join(w.photos, id[:2]), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.photos, id[:2], id+".jpg"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return id
}

func target(t *testing.T, dir string) backup.Target {
	t.Helper()
	to, err := backup.Open(dir, backup.S3{}, true)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func (w *city) take(t *testing.T, to backup.Target, with func(*backup.Options)) backup.Manifest {
	t.Helper()
	o := backup.Options{Target: to, URL: w.url, Folders: map[string]string{"photos": w.photos, "uploads": filepath.Join(w.dir, "none")}}
	if with != nil {
		with(&o)
	}
	m, _, err := backup.Take(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// restore brings a city back into a folder and reads its notes.
func (w *city) restore(t *testing.T, o backup.RestoreOptions, name string) (notes string, r backup.Restored, err error) {
	t.Helper()
	o.Dir, o.Log = filepath.Join(w.dir, name), quiet
	c, r, err := backup.RestoreRunning(t.Context(), o)
	if err != nil {
		return "", r, err
	}
	defer c.Stop()
	db, err := layers.Open(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(t.Context(), `SELECT coalesce(string_agg(said, ' ' ORDER BY id), '') FROM map.note WHERE id < 10`).Scan(&notes); err != nil {
		t.Fatal(err)
	}
	return notes, r, nil
}

func TestBackupAndRestore(t *testing.T) {
	w := newCity(t)
	dir := filepath.Join(w.dir, "backup")
	to := target(t, dir)
	w.note(t, 1, "one")
	first := w.take(t, to, nil)
	if !first.Full() || first.Kind != backup.Physical || first.Checks == nil || first.NewFiles != 1 {
		t.Fatalf("the first backup is %+v", first)
	}
	between := w.note(t, 2, "two")
	w.note(t, 3, "three")
	w.photo(t, "another photo")
	second := w.take(t, to, func(o *backup.Options) { o.Checks = true })
	if second.Full() || second.Line != first.Line || second.NewFiles != 1 || second.FileCount != 2 {
		t.Fatalf("the second backup is %+v", second)
	}
	restore := func(name string, o backup.RestoreOptions) (string, backup.Restored, error) {
		o.Target = to
		return w.restore(t, o, name)
	}

	t.Run("to a moment between two writes", func(t *testing.T) {
		got, _, err := restore("between", backup.RestoreOptions{At: between})
		if err != nil || got != "one two" {
			t.Errorf("at that moment the notes were %q, %v", got, err)
		}
	})
	t.Run("to the end, with the photos, and nothing is overwritten", func(t *testing.T) {
		got, r, err := restore("end", backup.RestoreOptions{})
		if err != nil || got != "one two three" || r.Files != 2 {
			t.Errorf("notes %q, %d files, %v", got, r.Files, err)
		}
		at := filepath.Join(w.dir, "end")
		sum := sha256.Sum256([]byte("another photo"))
		id := hex.EncodeToString(sum[:])
		if b, err := os.ReadFile(filepath.Join(at, "photos", id[:2], id+".jpg")); err != nil || string(b) != "another photo" {
			t.Errorf("the photo is %q, %v", b, err)
		}
		if _, _, err := restore("end", backup.RestoreOptions{}); !errors.Is(err, cluster.ErrFolder) {
			t.Errorf("a folder with a city in it: %v", err)
		}
	})
	t.Run("to a named backup", func(t *testing.T) {
		if os.Getenv("ONEMAP_LONG") == "" {
			t.Skip("long: make test-long")
		}
		got, _, err := restore("first", backup.RestoreOptions{ID: first.ID})
		if err != nil || got != "one" {
			t.Errorf("the first backup has the notes %q, %v", got, err)
		}
	})
	t.Run("to a moment that no backup has", func(t *testing.T) {
		for _, at := range []time.Time{time.Now().Add(time.Hour), first.Base.Ended.Add(-time.Minute)} {
			if _, _, err := restore("never", backup.RestoreOptions{At: at}); !errors.Is(err, backup.ErrMoment) {
				t.Errorf("%s: %v", at, err)
			}
		}
	})
	t.Run("on S3 while the city is written to, and a drill of it", func(t *testing.T) {
		s3, store := s3Target(t)
		ctx, stop := context.WithCancel(t.Context())
		wrote := make(chan int)
		go func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				_, _ = w.db.Exec(ctx, `INSERT INTO map.note (id, said) VALUES ($1, 'more')`, 1000+n) // the last is cut off
				_, _ = w.db.Exec(ctx, `UPDATE map.note SET said = said || '.' WHERE id = $1`, 1000+n/2)
			}
			wrote <- n
		}()
		m := w.take(t, s3, nil)
		stop()
		if n := <-wrote; n < 20 {
			t.Errorf("only %d were written meanwhile", n)
		}
		r, err := backup.Drill(t.Context(), backup.DrillOptions{Target: s3, Aside: w.dir, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		if !r.OK() || r.Backup != m.ID || r.Tables < 50 || r.Rows < 3 || r.Audit.Entries != 3 || r.Files != 2 {
			t.Errorf("the drill says %+v", r)
		}
		if left, err := filepath.Glob(filepath.Join(w.dir, "onemap-drill-*")); err != nil || len(left) > 0 {
			t.Errorf("the drill left %v, %v", left, err)
		}
		for name, b := range store.objects {
			if strings.Contains(name, "/files/") {
				b[0] ^= 1
			}
		}
		store.objects["bucket/a/city/"+m.Base.Of.Name][1000] ^= 1
		if r, err = backup.Drill(t.Context(), backup.DrillOptions{Target: s3, Aside: w.dir, Log: quiet}); err != nil || r.OK() {
			t.Errorf("a drill of a changed base says %+v, %v", r, err)
		}
	})
	t.Run("a dump, where no more can be had", func(t *testing.T) {
		if os.Getenv("ONEMAP_LONG") == "" {
			t.Skip("long: make test-long")
		}
		dumps := target(t, filepath.Join(w.dir, "dumps"))
		m := w.take(t, dumps, func(o *backup.Options) { o.Dump = true })
		if m.Kind != backup.Dump || !m.Full() || len(m.Lost) != 1 || m.Checks == nil {
			t.Errorf("the dump is %+v", m)
		}
		if _, _, err := w.restore(t, backup.RestoreOptions{Target: dumps, At: m.Moment.Add(-time.Second)}, "dumped"); !errors.Is(err, backup.ErrMoment) {
			t.Errorf("a dump has one moment: %v", err)
		}
		r, err := backup.Drill(t.Context(), backup.DrillOptions{Target: dumps, Aside: w.dir, Log: quiet})
		if err != nil || !r.OK() || r.Tables < 50 || r.Audit.Entries != 3 {
			t.Errorf("the drill of a dump says %+v, %v", r, err)
		}
	})
	t.Run("a drill finds a tampered row and a tampered audit", func(t *testing.T) {
		// The live database stands for a restored one: it is at the same place.
		w.exec(t, `ALTER TABLE onemap.audit DISABLE TRIGGER USER`)
		w.exec(t, `UPDATE onemap.audit SET login = 'nobody' WHERE id = (SELECT min(id) FROM onemap.audit)`)
		w.exec(t, `DELETE FROM map.note WHERE id >= 10`)
		w.exec(t, `UPDATE map.note SET said = 'five' WHERE id = 2`)
		var r backup.DrillReport
		if err := backup.Compare(t.Context(), w.db, second, nil, &r, nil); err != nil {
			t.Fatal(err)
		}
		found := strings.Join(r.Faults, "\n")
		for _, want := range []string{"table map.note has its 3 rows, but", "audit: seal 1"} {
			if !strings.Contains(found, want) {
				t.Errorf("not found: %s; found:\n%s", want, found)
			}
		}
	})
	t.Run("a torn backup is refused", func(t *testing.T) {
		for name, tear := range map[string]func(path string, b []byte) error{
			"changed": func(path string, b []byte) error {
				b[len(b)/2] ^= 1
				return os.WriteFile(path, b, 0o600)
			},
			"cut short": func(path string, b []byte) error { return os.WriteFile(path, b[:len(b)-1], 0o600) },
			"missing":   func(path string, _ []byte) error { return os.Remove(path) },
		} {
			of := []string{second.Base.Of.Name, second.WAL[len(second.WAL)-1].Name}
			if name != "changed" {
				of = append(of, second.Files.Name)
			}
			for _, object := range of {
				path := filepath.Join(dir, filepath.FromSlash(object))
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				kept := append([]byte(nil), b...)
				if err := tear(path, b); err != nil {
					t.Fatal(err)
				}
				_, _, err = restore("torn", backup.RestoreOptions{})
				at := filepath.Join(w.dir, "torn")
				if !errors.Is(err, backup.ErrTorn) {
					t.Errorf("%s %s: %v", object, name, err)
				}
				if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s %s: it left %s behind", object, name, at)
				}
				if err := os.WriteFile(path, kept, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	t.Run("another city's target is refused", func(t *testing.T) {
		other := filepath.Join(w.dir, "other")
		if err := os.MkdirAll(other, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(other, "onemap-backup.json"), []byte(`{"format":1,"id":"01020304","system":"1"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := backup.Take(context.WithoutCancel(t.Context()), backup.Options{Target: target(t, other), URL: w.url}); !errors.Is(err, backup.ErrOther) {
			t.Error(err)
		}
	})
	t.Run("where the slot is gone a new line begins", func(t *testing.T) {
		if os.Getenv("ONEMAP_LONG") == "" {
			t.Skip("long: make test-long")
		}
		w.exec(t, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_type = 'physical'`)
		if m := w.take(t, to, nil); !m.Full() || m.Line == second.Line {
			t.Errorf("the backup is %+v", m)
		}
	})
}
