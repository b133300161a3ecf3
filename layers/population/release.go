package population

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/release"
)

// An Order says which releases to make.
type Order struct {
	Batch int64        // the import that brought the counts; 0: none
	By    access.Scope // stands in the releases and in the audit
	// Again makes the days anew that are released already: their releases are
	// withdrawn. Who kept the first can tell what changed between the two, so it
	// takes a reason.
	Again  bool
	Reason string
	Days   []string  // "2026-11-22", days of the city: only these; nil: all
	Now    time.Time // zero: now. Days that have not ended are not released
}

// Report is what was released, and what was left out.
type Report struct {
	Days   int    // released
	Kept   int    // that were released before, and stay as they are
	Open   int    // that have not ended
	Made   []Made // by audience
	NoGrid int64  // counts and flows of grids that are not in force: no place to show them
}

// Made is what one audience sees of the days that were released.
type Made struct {
	release.Audience
	Counts, Flows Numbers
}

// Numbers are how many counts, or flows, a release shows and leaves out.
type Numbers struct{ Shown, Below, Secondary, Unplaced int64 }

func (n *Numbers) add(o Numbers) {
	n.Shown, n.Below, n.Secondary, n.Unplaced = n.Shown+o.Shown, n.Below+o.Below, n.Secondary+o.Secondary, n.Unplaced+o.Unplaced
}

// Counts is how many rows the layer population has of the days released.
func (r Report) Counts() (n int64) {
	for _, m := range r.Made {
		n += m.Counts.Shown
	}
	return n
}

// Flows is how many rows the layer population_od has of the days released.
func (r Report) Flows() (n int64) {
	for _, m := range r.Made {
		n += m.Flows.Shown
	}
	return n
}

func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "released %d days", r.Days)
	if r.Kept > 0 {
		fmt.Fprintf(&b, "; %d days were released before and stay as they are (onemap release make --again)", r.Kept)
	}
	if r.Open > 0 {
		fmt.Fprintf(&b, "; %d days have not ended: they are released when they have", r.Open)
	}
	for _, m := range r.Made {
		fmt.Fprintf(&b, "; %s (floor %d, rounded to %d): %d counts and %d flows; left out %d counts and %d flows below the floor, %d and %d so that no sum tells another",
			m.Name, m.Floor, m.Rounding, m.Counts.Shown, m.Flows.Shown, m.Counts.Below, m.Flows.Below, m.Counts.Secondary, m.Flows.Secondary)
	}
	return b.String()
}

// Release makes the releases of the counts of all sources, one a day and
// audience, of days that have ended and are not released yet: the rows of the
// layers population and population_od, each day in a transaction of its own.
// What is left out and why stands in package release; a layer's own k_floor
// holds where it is above an audience's. A row keeps its id when its day is
// released again.
func Release(ctx context.Context, store *layers.Store, o Order) (Report, error) {
	r, err := releaseAll(ctx, store, o)
	if err != nil {
		return r, fmt.Errorf("release population: %w", err)
	}
	return r, nil
}

func releaseAll(ctx context.Context, store *layers.Store, o Order) (Report, error) {
	var r Report
	if o.Again && strings.TrimSpace(o.Reason) == "" {
		return r, &layers.InputError{Field: "reason", Remedy: "say why released days are released again"}
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	m := maker{order: o, floors: map[string]int{}}
	for _, name := range []string{"population", "population_od"} {
		l, err := store.Layer(ctx, name)
		if err != nil {
			return r, err
		}
		if l.KFloor < 2 {
			return r, fmt.Errorf("layer %s has no floor (k_floor) in the registry", name)
		}
		m.floors[name] = l.KFloor
	}
	days, err := m.days(ctx, store)
	if err != nil {
		return r, err
	}
	for _, day := range days {
		if o.Days != nil && !slices.Contains(o.Days, day.Format(time.DateOnly)) {
			continue
		}
		if day.AddDate(0, 0, 1).After(o.Now) {
			r.Open++
			continue
		}
		var made []Made
		err := pgx.BeginFunc(ctx, store.DB(), func(tx pgx.Tx) (err error) {
			made, err = m.day(ctx, tx, day)
			return err
		})
		if err != nil {
			return r, fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
		}
		if made == nil {
			r.Kept++
			continue
		}
		r.Days++
		if r.Made == nil {
			r.Made = made
			continue
		}
		for i := range made {
			r.Made[i].Counts.add(made[i].Counts)
			r.Made[i].Flows.add(made[i].Flows)
		}
	}
	r.NoGrid = m.noGrid
	return r, nil
}
