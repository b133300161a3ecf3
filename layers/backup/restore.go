package backup

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"onemap/layers/cluster"
)

// RestoreOptions say what [Restore] brings back, and where.
type RestoreOptions struct {
	Target   Target
	Dir      string    // the new data folder, of "onemap up"
	At       time.Time // the moment; zero: that of the backup
	ID       string    // the backup; "": the newest, or the first that has the moment
	BinDir   string
	Log      *slog.Logger
	Progress Progress

	fast    bool // aside, for a drill or a test
	atCheck bool // at the place of the checks, without files
}

// Restored is what was brought back.
type Restored struct {
	Backup Manifest  `json:"-"`
	ID     string    `json:"backup"`
	Kind   string    `json:"kind"`
	Moment time.Time `json:"moment"`
	Files  int       `json:"files"`
	Key    string    `json:"key,omitempty"` // number of the key that seals its secrets
}

// Restore brings a city back into a data folder, which must be empty or absent.
// It looks first whether all that it needs is there, compares everything that it
// reads with its manifest, and leaves nothing behind where it fails.
//
// The error wraps [ErrMoment] where no backup has the moment, [ErrTorn] where
// something is missing or changed, and [cluster.ErrFolder] where the folder is not empty.
func Restore(ctx context.Context, o RestoreOptions) (Restored, error) {
	c, r, err := restore(ctx, o)
	if err != nil {
		return r, err
	}
	return r, c.Stop()
}

func restore(ctx context.Context, o RestoreOptions) (c *cluster.Cluster, r Restored, err error) {
	all, err := List(ctx, o.Target)
	if err != nil {
		return nil, r, err
	}
	p, err := choose(all, o.ID, o.At)
	if err != nil {
		return nil, r, err
	}
	r = Restored{Backup: p.m, ID: p.m.ID, Kind: p.m.Kind, Moment: p.m.Moment, Key: p.m.Key}
	if !o.At.IsZero() {
		r.Moment = o.At.UTC()
	}
	lists := []Manifest{p.m}
	if p.before != nil { // a file may have been swept between the moment and the backup
		lists = []Manifest{*p.before, p.m}
	}
	byPath := map[string]File{}
	for _, m := range lists {
		if o.atCheck {
			break // a drill reads the files where they are
		}
		list, err := files(ctx, o.Target, m)
		if err != nil {
			return nil, r, err
		}
		for _, f := range list {
			byPath[f.Path] = f
		}
	}
	needed := p.objects()
	for _, f := range byPath {
		needed = append(needed, f.object())
	}
	if err := whole(ctx, o.Target, needed); err != nil {
		return nil, r, err
	}
	opts := cluster.Options{Dir: o.Dir, BinDir: o.BinDir, Log: o.Log, Fast: o.fast}
	if p.m.Kind == Dump {
		c, err = o.load(ctx, p, opts)
	} else {
		c, err = cluster.Recover(ctx, opts, func(ctx context.Context, dir string) error { return o.fill(ctx, p, dir) }, p.target(o))
	}
	if err != nil {
		return nil, r, err
	}
	if err := o.copyFiles(ctx, byPath); err != nil {
		return nil, r, errors.Join(err, c.Stop(), os.RemoveAll(o.Dir))
	}
	r.Files = len(byPath)
	return c, r, nil
}

// A plan is what a restore needs.
type plan struct {
	m      Manifest
	before *Manifest // the backup before m, where the moment lies between
	base   Base
	wal    []Segment
}

// choose finds the backup of a moment.
func choose(all []Manifest, id string, at time.Time) (p plan, err error) {
	if len(all) == 0 {
		return p, fmt.Errorf("%w: none was finished", ErrMoment)
	}
	i := len(all) - 1
	switch {
	case id != "":
		for i >= 0 && all[i].ID != id {
			i--
		}
		if i < 0 {
			return p, fmt.Errorf("%w: there is no backup %q", ErrMoment, id)
		}
		if !at.IsZero() && (all[i].Kind == Dump || at.After(all[i].Moment)) {
			return p, fmt.Errorf("%w: backup %s ends at %s", ErrMoment, id, all[i].Moment.Format(time.RFC3339Nano))
		}
	case !at.IsZero():
		if at.After(all[i].Moment) {
			return p, fmt.Errorf("%w: the newest goes up to %s", ErrMoment, all[i].Moment.Format(time.RFC3339Nano))
		}
		for i > 0 && !at.After(all[i-1].Moment) {
			i--
		}
	}
	p.m = all[i]
	if p.m.Kind == Dump {
		if !at.IsZero() {
			return p, fmt.Errorf("%w: %s is a dump, which has its own moment only: restore it by --backup %s", ErrMoment, p.m.ID, p.m.ID)
		}
		return p, nil
	}
	p.base = *p.m.Base
	if !at.IsZero() {
		if i > 0 {
			p.before = &all[i-1]
		}
		if at.Before(p.base.Ended) { // its own base is too young: that of the backup before reaches on
			if p.before == nil || p.before.Line != p.m.Line || p.before.Base == nil || at.Before(p.before.Base.Ended) {
				return p, fmt.Errorf("%w: the first after it can be brought to %s at the earliest", ErrMoment, p.base.Ended.Format(time.RFC3339Nano))
			}
			p.base = *p.before.Base
		}
	}
	whole := map[uint64]Segment{}
	for _, m := range all[:i+1] {
		if m.Line == p.m.Line && m.Kind == Physical {
			for _, s := range m.WAL {
				if !s.Partial || m.ID == p.m.ID {
					whole[s.Number] = s
				}
			}
		}
	}
	for n := uint64(p.base.Start) / p.m.SegmentSize; n <= uint64(p.m.To-1)/p.m.SegmentSize; n++ {
		s, ok := whole[n]
		if !ok {
			return p, fmt.Errorf("%w: the log has a gap: segment %s is in no manifest", ErrTorn, segmentName(p.m.Timeline, n, p.m.SegmentSize))
		}
		p.wal = append(p.wal, s)
	}
	return p, nil
}

func (p plan) objects() (all []Object) {
	if p.m.Kind == Dump {
		return []Object{*p.m.Dump}
	}
	all = append(all, p.base.Of)
	for _, s := range p.wal {
		all = append(all, s.Object)
	}
	return all
}

// target says where the replay stops. Without a moment it is the end of the
// log that there is, which is the backup's own.
func (p plan) target(o RestoreOptions) map[string]string {
	switch {
	case o.atCheck && p.m.Checks != nil && p.m.Checks.At != 0:
		return map[string]string{"recovery_target_lsn": p.m.Checks.At.String(), "recovery_target_inclusive": "off"}
	case !o.At.IsZero():
		return map[string]string{"recovery_target_time": o.At.UTC().Format("2006-01-02 15:04:05.999999+00")}
	}
	return nil
}

// whole looks whether objects are there with their sizes, before anything is written.
func whole(ctx context.Context, t Target, needed []Object) error {
	there := map[string]map[string]int64{}
	for _, o := range needed {
		prefix := path.Dir(o.Name) + "/"
		if strings.HasPrefix(prefix, "files/") {
			prefix = "files/"
		}
		if there[prefix] == nil {
			names, err := t.List(ctx, prefix)
			if err != nil {
				return err
			}
			there[prefix] = names
		}
		switch size, ok := there[prefix][o.Name]; {
		case !ok:
			return fmt.Errorf("%w: %s is missing", ErrTorn, o.Name)
		case size != o.Bytes:
			return fmt.Errorf("%w: %s has %d bytes, %d were written", ErrTorn, o.Name, size, o.Bytes)
		}
	}
	return nil
}

// fill writes PostgreSQL's folder: the base, and the log in its pg_wal.
func (o RestoreOptions) fill(ctx context.Context, p plan, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := o.untar(ctx, p.base.Of, root); err != nil {
		return err
	}
	for i, s := range p.wal {
		if err := o.unpack(ctx, s.Object, root, "pg_wal/"+segmentName(p.m.Timeline, s.Number, p.m.SegmentSize)); err != nil {
			return err
		}
		o.Progress.say("log", int64(i+1), int64(len(p.wal)))
	}
	return nil
}

func (o RestoreOptions) untar(ctx context.Context, of Object, root *os.Root) error {
	in, err := get(ctx, o.Target, of)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := zstd.NewReader(&counted{withContext{ctx, in}, o.Progress, "base", 0, of.Bytes}, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	return whether(in, entries(z, of, root))
}

// entries writes what a tar holds.
func entries(in io.Reader, of Object, root *os.Root) error {
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", of.Name, err)
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			if name != "." {
				err = root.MkdirAll(name, 0o700)
			}
		case tar.TypeReg:
			err = writeFile(root, name, r)
		default:
			err = fmt.Errorf("%w: %s holds %s, which is neither file nor folder", ErrTorn, of.Name, h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func (o RestoreOptions) unpack(ctx context.Context, of Object, root *os.Root, name string) error {
	in, err := get(ctx, o.Target, of)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := zstd.NewReader(withContext{ctx, in}, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	return whether(in, writeFile(root, name, z))
}

func writeFile(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// copyFiles writes photos and uploads into the data folder.
func (o RestoreOptions) copyFiles(ctx context.Context, byPath map[string]File) error {
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	done := int64(0)
	for _, f := range byPath {
		in, err := get(ctx, o.Target, f.object())
		if err != nil {
			return err
		}
		err = writeFile(root, f.Path, withContext{ctx, in})
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
		// The sweep goes by a file's age.
		if err := root.Chtimes(f.Path, f.Modified, f.Modified); err != nil {
			return err
		}
		done++
		o.Progress.say("files", done, int64(len(byPath)))
	}
	return nil
}

// load makes a new city of a dump.
func (o RestoreOptions) load(ctx context.Context, p plan, opts cluster.Options) (_ *cluster.Cluster, err error) {
	entries, err := os.ReadDir(o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", cluster.ErrFolder, err)
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%w: %s is not empty, and nothing is overwritten: name a new or empty folder", cluster.ErrFolder, o.Dir)
	}
	c, err := cluster.Start(ctx, opts)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Stop(), os.RemoveAll(o.Dir))
		}
	}()
	// First to a file of ours: what is torn is not begun with.
	f, err := os.CreateTemp(o.Dir, "dump-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	in, err := get(ctx, o.Target, *p.m.Dump)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, &counted{withContext{ctx, in}, o.Progress, "dump", 0, p.m.Dump.Bytes})
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, err
	}
	o.Progress.say("load", 0, 0)
	if err := o.script(ctx, p, c.URL(), f.Name()); err != nil {
		return nil, fmt.Errorf("load the dump: %w", err)
	}
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `ANALYZE`); err != nil {
		return nil, fmt.Errorf("load the dump: %w", err)
	}
	return c, nil
}

// script writes a dump as SQL and runs that. pg_restore alone would run it with
// an empty search_path, under which PostgreSQL does not find PostGIS's
// operators behind IS DISTINCT FROM, which its dumps cannot spell out.
func (o RestoreOptions) script(ctx context.Context, p plan, url, file string) error {
	// Extensions are there already, and their comments are the superuser's.
	from, err := program(ctx, o.BinDir, "pg_restore", p.m.PostgreSQL, "", "--no-owner", "--no-privileges", "--no-comments", "--file=-", file)
	if err != nil {
		return err
	}
	to, err := program(ctx, o.BinDir, "psql", p.m.PostgreSQL, url, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--output=/dev/null")
	if err != nil {
		return err
	}
	return run(from, func(out *output) error {
		head := make([]byte, 4096)
		n, err := io.ReadFull(out, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		const none, public = `set_config('search_path', '', false)`, `set_config('search_path', 'public', false)`
		text := string(head[:n])
		if !strings.Contains(text, none) {
			return errors.New("pg_restore's script begins in a way that this program does not know")
		}
		to.Stdin = io.MultiReader(strings.NewReader(strings.Replace(text, none, public, 1)), out)
		return run(to, func(out *output) error { _, err := io.Copy(io.Discard, out); return err })
	})
}
