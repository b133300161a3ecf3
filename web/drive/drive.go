// Package drive makes a city live: it goes on reporting incidents, handling
// cases and moving workers against a running server, through its public API
// and by the rights of the accounts it is given.
//
// A report whose answer did not come is sent again with the same UUID until it
// is acknowledged, so a server that is killed and started again loses none and
// gets none twice.
package drive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"onemap/web/client"
)

// An Account is one of those who act. Key or Login and Password.
type Account struct {
	Login, Password string
	Key             string
}

// Options say what to drive.
type Options struct {
	URL      string
	Accounts []Account
	Rate     float64       // reports a second, on average, over all reporters
	Reports  int           // stop after so many; 0: never
	Move     time.Duration // between a worker's positions; 0: 5 s
	Seed     uint64        // of the choices; the times are the clock's
	Speed    float64       // how many times faster than people they are, but for Rate and Move; 0: 1
	Offline  float64       // share of the time that a worker's phone has no signal, 0 to 0.9
	HTTP     *http.Client  // of all of them; nil: an ordinary one

	// Odds are how readily they take a step beside the others that they may, where
	// they are other than usual.
	Odds map[string]float64

	Log *slog.Logger // what was refused or got no answer; nil: none

	// Acknowledged is told of every report that the server confirmed; may be nil.
	Acknowledged func(client.Report, client.Incident)
	// Done is told of every action that the server confirmed; may be nil.
	Done func(id int64, a client.Action)
}

// Counts is what was done so far.
type Counts struct {
	Reported  atomic.Int64 // acknowledged
	Resent    atomic.Int64 // sendings after the first
	Acted     atomic.Int64 // steps in the life of incidents
	Conflicts atomic.Int64 // steps that somebody else took first
	Moved     atomic.Int64 // positions
	Kept      atomic.Int64 // of them, those that were kept without signal
	Away      atomic.Int64 // times that a phone lost its signal
	Failed    atomic.Int64 // requests that got no good answer
}

func (c *Counts) String() string {
	return fmt.Sprintf("%d reports (%d sent again), %d steps (%d taken by others), %d positions (%d kept in %d times without signal), %d failed requests",
		c.Reported.Load(), c.Resent.Load(), c.Acted.Load(), c.Conflicts.Load(), c.Moved.Load(), c.Kept.Load(), c.Away.Load(), c.Failed.Load())
}

// ErrNobody: no account may report.
var ErrNobody = errors.New("none of the accounts may report incidents")

var (
	errNoGround  = errors.New("the city has no unit grids that these accounts may see: nowhere to report")
	errNoClasses = errors.New("the city has no classes of matters")
)

// Run drives the server until ctx ends or the reports are done. Requests under
// way are finished or given up within seconds; workers go off duty.
func Run(ctx context.Context, o Options) (*Counts, error) {
	if o.Move == 0 {
		o.Move = 5 * time.Second
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d := &driver{Options: o, counts: &Counts{}, r: rand.New(rand.NewPCG(o.Seed, 0x6f6e656d6170))}
	if err := d.signIn(ctx); err != nil {
		return d.counts, err
	}
	if err := d.look(ctx); err != nil {
		return d.counts, err
	}
	for _, a := range d.actors {
		if slices.Contains(a.session.Person.Roles, "department_officer") {
			d.depts = append(d.depts, a.session.Organisation.Code)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	for _, a := range d.actors {
		if a.session.OnDuty {
			a.phone = &phone{done: map[int64]bool{}}
			all.Go(func() { d.walk(ctx, a) })
			all.Go(func() { d.queue(ctx, a) })
			all.Go(func() { d.handle(ctx, a, atPlace) })
		}
		if slices.ContainsFunc(a.session.Person.Roles, func(r string) bool { return slices.Contains(desks, r) }) {
			all.Go(func() { d.handle(ctx, a, atCentre) })
		}
		if slices.Contains(a.session.Person.Roles, "department_officer") {
			all.Go(func() { d.handle(ctx, a, atOffice) })
		}
	}
	d.report(ctx)
	cancel()
	all.Wait()
	return d.counts, nil
}

type driver struct {
	Options
	counts    *Counts
	actors    []*actor
	reporters []*actor
	ground    []area
	classes   []client.Class
	depts     []string // that have an officer among the accounts

	mu sync.Mutex // guards r
	r  *rand.Rand
}

// An actor is an account that has signed in.
type actor struct {
	client.Client
	session client.Session
	phone   *phone // of who works in the field
}

func (d *driver) signIn(ctx context.Context) error {
	for _, a := range d.Accounts {
		x := &actor{Client: client.Client{URL: d.URL, Key: a.Key, HTTP: d.HTTP}}
		if a.Key == "" {
			if err := x.SignIn(ctx, a.Login, a.Password); err != nil {
				return fmt.Errorf("sign in as %s: %w", a.Login, err)
			}
		}
		if err := d.again(ctx, func(ctx context.Context) (err error) {
			x.session, err = x.Session(ctx)
			return err
		}); err != nil {
			return err
		}
		d.actors = append(d.actors, x)
		if x.session.MayReport {
			d.reporters = append(d.reporters, x)
		}
	}
	if len(d.reporters) == 0 {
		return ErrNobody
	}
	return nil
}

// random calls f with the one source of chance.
func (d *driver) random(f func(*rand.Rand)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d.r)
}

func (d *driver) chance() (x float64) {
	d.random(func(r *rand.Rand) { x = r.Float64() })
	return x
}

// pause waits, and says whether ctx is still alive.
func pause(ctx context.Context, t time.Duration) bool {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// again calls f until it succeeds, is refused for good, or ctx ends. It waits
// from 0.2 s to 5 s in between, or as long as the server says.
func (d *driver) again(ctx context.Context, f func(context.Context) error) error {
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := f(ctx)
		if err == nil || !client.Temporary(err) {
			return err
		}
		d.counts.Failed.Add(1)
		var p *client.Problem
		if errors.As(err, &p) && p.RetryAfter > wait {
			wait = min(p.RetryAfter, time.Minute)
		}
		half := time.Duration(float64(wait) * (0.5 + 0.5*d.chance()))
		if !pause(ctx, half) {
			return ctx.Err()
		}
	}
}
