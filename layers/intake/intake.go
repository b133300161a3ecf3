// Package intake brings files into layers: CSV and GeoJSON rows become
// features by a mapping, checked, placed in their grid, as one change.
//
// The way of a row: [Run] opens the file, cuts it into chunks of whole rows
// (chunks.go), workers read each chunk into records (csv.go, geojson.go), take
// the fields from each (value.go, place.go), find its grid and write its tuple
// (worker.go); one writer puts the tuples in the file's order into a staging
// table (load.go), from which the layer takes what is new and what differs
// (merge.go). A row that is wrong goes to the reject file and does not stop the rest.
//
// Grids and trips are not features of a row each: they are read here and given
// to layers/grid and layers/population.
package intake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/enterprise"
	"onemap/layers/evaluate"
	"onemap/layers/grid"
)

// Options say what to import.
type Options struct {
	Layer   string // the layer it must go to; "": the mapping's
	File    string // path; gzip is found by its first bytes
	Mapping Mapping
	CRS     string // of the file's coordinates; "": the mapping's
	Source  string // in place of the mapping's
	// RejectFile is where rejected rows go, as CSV: line, field, value, reason,
	// row. "": nowhere; they are still counted. No file is left where none was rejected.
	RejectFile string
	By         string // who imports: a login, or "command line"
	Workers    int    // 0: one for each processor
	// Progress is told how many bytes of the file are read, of how many; nil
	// for nobody. A file that is read twice counts twice.
	Progress func(done, total int64)
}

// A Summary is what an import did.
type Summary struct {
	Layer     string           `json:"layer"`
	Batch     int64            `json:"batch"` // its number in onemap.batch; 0: nothing was written
	Read      int64            `json:"read"`  // rows of the file
	Inserted  int64            `json:"inserted"`
	Updated   int64            `json:"updated"`
	Unchanged int64            `json:"unchanged"`
	Skipped   map[string]int64 `json:"skipped"`  // rows that the mapping leaves out, by reason
	Rejected  map[string]int64 `json:"rejected"` // by "field: reason"
	Outside   int64            `json:"outside"`  // ends of trips outside all grids, not counted
	Notes     []string         `json:"notes"`    // what else people should know
	Took      time.Duration    `json:"took_ns"`
}

// RejectedRows is how many rows were rejected.
func (s Summary) RejectedRows() int64 { return total(s.Rejected) }

// SkippedRows is how many rows the mapping left out.
func (s Summary) SkippedRows() int64 { return total(s.Skipped) }

func total(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// ErrNothing: not one row of the file was right; nothing was changed.
var ErrNothing = errors.New("no row of the file could be imported")

// Run imports a file. It is one change: readers see all of it or nothing. The
// same file again changes nothing. What is wrong with the options, the mapping
// or the file as a whole is a [layers.InputError]; where every row was
// rejected it returns an error wrapping [ErrNothing].
func Run(ctx context.Context, store *layers.Store, o Options) (Summary, error) {
	begun := time.Now()
	unlock, err := lockGrids(ctx, store, strings.HasPrefix(o.Mapping.Layer, "grid_"))
	if err != nil {
		return Summary{}, err
	}
	defer unlock()
	im, err := prepare(ctx, store, o)
	if err != nil {
		return Summary{}, err
	}
	switch {
	case im.m.Trips != nil:
		err = im.trips(ctx)
	case im.table.layer.Subject == "grid":
		err = im.grids(ctx)
	default:
		err = im.features(ctx)
	}
	if e := im.rejects.close(); err == nil {
		err = e
	}
	im.sum.Took = time.Since(begun)
	if err != nil {
		return im.sum, fmt.Errorf("import %s: %w", filepath.Base(o.File), err)
	}
	return im.sum, nil
}

// gridLock is the number of an advisory lock: imports of features share it,
// imports of grids hold it alone. Otherwise rows that were placed in the old
// grids could come in behind the new grids' reassignment.
const gridLock = 7330783

func lockGrids(ctx context.Context, store *layers.Store, alone bool) (unlock func(), err error) {
	conn, err := store.DB().Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait for other imports: %w", err)
	}
	how := "_shared"
	if alone {
		how = ""
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock"+how+"($1)", gridLock); err != nil {
		conn.Release()
		return nil, fmt.Errorf("wait for other imports: %w", err)
	}
	return func() {
		defer conn.Release()
		if _, err := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock"+how+"($1)", gridLock); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx)) // the lock goes with the session
		}
	}, nil
}

// An importer is one run.
type importer struct {
	store   *layers.Store
	o       Options
	m       Mapping
	crs     crs.CRS
	table   *table
	finder  *grid.Finder
	bounds  orb.Bound
	begun   time.Time
	batch   int64
	sha     []byte
	passes  int64 // how often the file is read
	rejects *rejects
	sum     Summary
	rows    *rowSource // in place of a file of o
}

func prepare(ctx context.Context, store *layers.Store, o Options) (*importer, error) {
	im := &importer{store: store, o: o, m: o.Mapping, begun: time.Now(), passes: 1}
	if o.Source != "" {
		im.m.Source = o.Source
	}
	if err := im.m.check(); err != nil {
		return nil, &layers.InputError{Field: im.m.Name, Remedy: err.Error()}
	}
	if o.Layer != "" && o.Layer != im.m.Layer {
		return nil, &layers.InputError{Field: "mapping", Value: im.m.Name, Remedy: fmt.Sprintf("it is for %s, not for %s", im.m.Layer, o.Layer)}
	}
	name := o.CRS
	if name == "" {
		name = im.m.CRS
	}
	if name == "" {
		return nil, &layers.InputError{Field: "crs", Remedy: "say in which coordinate system the file is: " + crs.Names}
	}
	var err error
	if im.crs, err = crs.Parse(name); err != nil {
		return nil, &layers.InputError{Field: "crs", Remedy: err.Error()}
	}
	layer, err := store.Layer(ctx, im.m.Layer)
	if errors.Is(err, layers.ErrNotFound) {
		return nil, &layers.InputError{Field: im.m.Name, Value: im.m.Layer, Remedy: "there is no such layer"}
	}
	if err != nil {
		return nil, err
	}
	if im.table, err = describe(ctx, store.DB(), layer); err != nil {
		return nil, err
	}
	if im.finder, err = grid.Load(ctx, store.DB()); err != nil {
		return nil, err
	}
	im.bounds = im.within()
	if im.o.Workers <= 0 {
		im.o.Workers = runtime.GOMAXPROCS(0)
	}
	im.sum = Summary{Layer: layer.Name, Skipped: map[string]int64{}, Rejected: map[string]int64{}, Notes: []string{}}
	im.rejects = newRejects(o.RejectFile, &im.sum)
	return im, nil
}

// margin is how far outside all grids, in degrees, a place may lie: half a
// degree is about 50 km.
const margin = 0.5

// within returns the box beyond which a place is wrong: the mapping's, else
// the grids' with a margin, else the world.
func (im *importer) within() orb.Bound {
	if b := im.m.Bounds; len(b) == 4 {
		return orb.Bound{Min: orb.Point{b[0], b[1]}, Max: orb.Point{b[2], b[3]}}
	}
	if b, ok := im.finder.Bound(); ok && im.table.layer.Subject != "grid" {
		return b.Pad(margin)
	}
	return orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
}

// features imports rows that become a point feature each.
func (im *importer) features(ctx context.Context) error {
	if g := im.table.layer.Geometry; g != "Point" {
		return &layers.InputError{Field: im.m.Name, Value: im.m.Layer, Remedy: "a layer of " + g + ": import it with onemap import base"}
	}
	p, err := newPlan(im.m, im.table, im.crs)
	if err != nil {
		return err
	}
	p.bounds, p.finder = im.bounds, im.finder
	if im.m.Cases != nil {
		calendar, err := im.calendar(ctx)
		if err != nil {
			return err
		}
		if err := p.compileCases(calendar, im.begun); err != nil {
			return err
		}
	}
	first, err := im.look(ctx, p)
	if err != nil {
		return err
	}
	if im.m.Classes != nil {
		if err := registerClasses(ctx, im.store.DB(), im.m.Classes, first.classes); err != nil {
			return err
		}
	}
	if p.codeAt >= 0 && p.standardAt >= 0 {
		if p.classes, err = loadClasses(ctx, im.store.DB(), im.table.layer.Name); err != nil {
			return err
		}
	}
	if err := im.load(ctx, p, first); err != nil {
		return err
	}
	return im.after(ctx, p)
}

// after is what a subject does once its rows are in.
func (im *importer) after(ctx context.Context, p *plan) error {
	switch im.table.layer.Name {
	case "incident":
		if err := im.flow(ctx, p); err != nil {
			return err
		}
		return evaluate.Renew(ctx, im.store.DB(), im.batch)
	case "enterprise", "inspection":
		if i := im.m.Inspect; i != nil {
			if err := enterprise.SetPolicy(ctx, im.store.DB(), enterprise.Policy{SetsRisk: i.SetsRisk, DueMonths: i.DueMonths}); err != nil {
				return err
			}
		}
		n, err := enterprise.Link(ctx, im.store.DB())
		if err != nil {
			return err
		}
		if n > 0 {
			im.sum.Notes = append(im.sum.Notes, fmt.Sprintf("%d enterprises brought up to date with their inspections", n))
		}
	}
	return nil
}
