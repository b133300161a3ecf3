package position

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/locate"
)

// ErrBusy: more positions wait to be written than may. Send them again later.
var ErrBusy = errors.New("too many positions wait to be written: send them again in a few seconds")

const (
	// MaxFixes is how many positions may be handed in at once.
	MaxFixes = 1000
	// maxAhead is how far a device's clock may be ahead of the server's. What is
	// within it counts as now.
	maxAhead = 10 * time.Minute
	// maxSince is how long ago somebody may have gone on duty without signal.
	maxSince = 24 * time.Hour
	// maxAccuracyM is the largest accuracy that is believed to be one.
	maxAccuracyM = 1e6
	// unknownM is what fences take the accuracy for where none is given.
	unknownM = 30
)

// Store keeps positions and fences. Make it with [New] and close it. Its
// methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store
	Log    *slog.Logger  // nil: slog's default
	Every  time.Duration // between two writings; 0: 100 ms

	mu       sync.Mutex
	closed   bool
	pending  []*item
	waiting  int  // positions in pending
	flushing bool // a goroutine writes what is pending
	flushes  sync.WaitGroup

	known  known  // what positions are held against
	days   days   // partitions known to be there
	roster roster // whose positions a gateway may hand in
}

// New returns a Store of positions in the database of store.
func New(store *layers.Store) *Store {
	return &Store{Layers: store, roster: roster{other: make(chan struct{}, 1)}}
}

func (s *Store) db() *pgxpool.Pool { return s.Layers.DB() }

func (s *Store) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}

// A Fix is one position of a worker.
type Fix struct {
	Place     locate.Place
	AccuracyM float64   // of the place, metres, as the device says; 0: not known
	At        time.Time // when the worker was there, by the device's clock; zero: now
}

// Taken is what became of the positions that were handed in for a worker.
type Taken struct {
	Cursor  feed.Cursor
	OnDuty  bool      // the worker is on the map
	Since   time.Time // on duty since; zero where not on duty
	Grid    string    // the grid of the worker's latest position; "" outside of all
	Latest  bool      // one of them is now the worker's place on the map
	Late    int       // older than the worker's place on the map: kept in the history alone
	Refused int       // their time lies in no duty of the worker: not kept
	Entered []string  // names of fences, in the order they were entered
	Left    []string
}

// Put takes positions of the caller, a grid worker, and waits until they are
// written. begin says that the caller is on duty with them, since that time
// (zero: since the first of them); without it only those are kept whose time
// lies in a duty that the server knows of.
//
// It returns an error wrapping [access.ErrForbidden] for who is no grid worker,
// a [layers.InputError] that names what is wrong with which of them (then none is
// taken), and [ErrBusy].
func (s *Store) Put(ctx context.Context, scope access.Scope, address string, fixes []Fix, begin bool, since time.Time) (Taken, error) {
	who, ok := scope.Person()
	if !ok {
		return Taken{}, access.ErrUnauthenticated
	}
	if !scope.Has(access.GridWorker) || who.ID == 0 {
		return Taken{}, fmt.Errorf("positions are of grid workers: %w", access.ErrForbidden)
	}
	now := time.Now()
	if !since.IsZero() && (since.After(now.Add(maxAhead)) || since.Before(now.Add(-maxSince))) {
		return Taken{}, &layers.InputError{Field: "since", Value: since.Format(time.RFC3339), Remedy: "when you went on duty: within the last 24 hours"}
	}
	it := &item{person: who.ID, login: who.Login, name: who.Name, org: who.Org, begin: begin, since: since, by: scope, address: address}
	for i, f := range fixes {
		field := "place"
		if len(fixes) > 1 {
			field = fmt.Sprintf("positions[%d]", i)
		}
		p, err := s.read(ctx, field, f, now)
		if err != nil {
			return Taken{}, err
		}
		it.points = append(it.points, p)
	}
	if err := s.submit(ctx, []*item{it}); err != nil {
		return Taken{}, err
	}
	return it.taken, it.err
}

// read brings a fix to the map.
func (s *Store) read(ctx context.Context, field string, f Fix, now time.Time) (point, error) {
	if !(f.AccuracyM >= 0 && f.AccuracyM <= maxAccuracyM) {
		return point{}, &layers.InputError{Field: field + ".accuracy_m", Value: fmt.Sprint(f.AccuracyM), Remedy: "0 to 1,000,000 metres"}
	}
	at := f.At
	switch {
	case at.IsZero():
		at = now
	case at.After(now.Add(maxAhead)):
		return point{}, &layers.InputError{Field: field + ".at", Value: at.Format(time.RFC3339), Remedy: "a time that has come: set the device's clock, here it is " + now.UTC().Format(time.RFC3339)}
	case at.After(now):
		at = now
	}
	if keep := s.keepDays(ctx); at.Before(now.AddDate(0, 0, -keep)) {
		return point{}, &layers.InputError{Field: field + ".at", Value: at.Format(time.RFC3339), Remedy: fmt.Sprintf("a time in the last %d days: so long positions are kept", keep)}
	}
	l, err := locate.On(ctx, s.db(), field, f.Place)
	if err != nil {
		return point{}, err
	}
	return point{at: at.UTC().Truncate(time.Microsecond), lonlat: l.At, accuracy: float32(f.AccuracyM), crs: l.CRS.String(), srid: max(l.CRS.SRID(), 0), orig: l.Orig}, nil
}

// Of is the position of a worker that a gateway hands in.
type Of struct {
	Login string
	Fix
}

// PutFor takes positions of many workers from a gateway: an account with the
// role gateway, for the workers of its organisation and of those below it. They
// are on duty with them. It returns what became of the positions of each
// worker, by login. Errors are those of [Store.Put]; a login that is none of
// the gateway's workers is a [layers.InputError].
func (s *Store) PutFor(ctx context.Context, scope access.Scope, address string, all []Of) (map[string]Taken, error) {
	if err := scope.Require(access.Gateway); err != nil {
		return nil, fmt.Errorf("positions of others are handed in by gateways: %w", err)
	}
	workers, err := s.roster.of(ctx, s, scope.Org().Code)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	items := map[string]*item{}
	var order []*item
	for i, f := range all {
		w, ok := workers[f.Login]
		if !ok {
			return nil, &layers.InputError{Field: fmt.Sprintf("positions[%d].login", i), Value: layers.Short(f.Login), Remedy: "the login of a grid worker of your organisation or one below it"}
		}
		p, err := s.read(ctx, fmt.Sprintf("positions[%d]", i), f.Fix, now)
		if err != nil {
			return nil, err
		}
		it := items[f.Login]
		if it == nil {
			it = &item{person: w.id, login: f.Login, name: w.name, org: w.org, begin: true, by: scope, address: address}
			items[f.Login] = it
			order = append(order, it)
		}
		it.points = append(it.points, p)
	}
	if err := s.submit(ctx, order); err != nil {
		return nil, err
	}
	out := make(map[string]Taken, len(items))
	for login, it := range items {
		if it.err != nil {
			return nil, it.err
		}
		out[login] = it.taken
	}
	return out, nil
}

// sortPoints puts them in the order of their times.
func sortPoints(ps []point) {
	slices.SortStableFunc(ps, func(a, b point) int { return a.at.Compare(b.at) })
}
