package accountability

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
)

// Usage counts calls of layers in memory and writes them down every few
// seconds, so that a tile from the cache costs no query. A process that is
// killed loses what it has not written. Its methods are safe for concurrent use.
type Usage struct {
	Layers  *layers.Store
	Classes *class.Store // for the city's days
	Log     *slog.Logger // nil: slog's default

	mu    sync.Mutex
	calls map[used]int64
	users map[user]struct{} // of the present day, also those written already
	fresh []user            // not written yet
	day   string
}

type used struct{ layer, org string }

type user struct {
	used
	person int64
}

// flushEvery is how long calls stay in memory only.
const flushEvery = 10 * time.Second

// Count counts a call of a layer.
func (u *Usage) Count(by access.Scope, layer string) {
	if u == nil {
		return
	}
	p, known := by.Person()
	at := used{layer, p.Org}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.calls == nil {
		u.calls, u.users = map[used]int64{}, map[user]struct{}{}
	}
	u.calls[at]++
	if !known || p.ID == 0 {
		return
	}
	who := user{at, p.ID}
	if _, seen := u.users[who]; !seen {
		u.users[who] = struct{}{}
		u.fresh = append(u.fresh, who)
	}
}

// Run writes what was counted until ctx ends, and then the rest. Beside it, it
// looks which layers were changed, see [Activity].
func (u *Usage) Run(ctx context.Context) error {
	log := u.Log
	if log == nil {
		log = slog.Default()
	}
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	look := time.NewTicker(activityEvery)
	defer look.Stop()
	active := func() {
		if err := Activity(ctx, u.Layers); err != nil && ctx.Err() == nil {
			log.Error("activity of layers", "error", err)
		}
	}
	active()
	for {
		select {
		case <-ctx.Done():
			last, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer done()
			if err := u.Flush(last, time.Now()); err != nil {
				log.Error("usage", "error", err)
			}
			return nil
		case <-look.C:
			active()
		case <-tick.C:
			if err := u.Flush(ctx, time.Now()); err != nil && ctx.Err() == nil {
				log.Error("usage", "error", err)
			}
		}
	}
}

// Flush writes what was counted in one transaction, as of a day; when a day is
// over, its people become a number and their rows go. What cannot be written is
// counted on.
func (u *Usage) Flush(ctx context.Context, now time.Time) error {
	c, err := u.Classes.Calendar(ctx, u.Layers.DB())
	if err != nil {
		return fmt.Errorf("write usage: %w", err)
	}
	day := now.In(c.Zone).Format(time.DateOnly)
	u.mu.Lock()
	calls, fresh := u.calls, u.fresh
	u.calls, u.fresh = map[used]int64{}, nil
	turned := u.day != "" && u.day != day
	first := u.day == ""
	if u.users == nil || turned {
		u.users = map[user]struct{}{}
	}
	u.day = day
	u.mu.Unlock()
	if len(calls) == 0 && !turned && !first {
		return nil
	}
	err = pgx.BeginFunc(ctx, u.Layers.DB(), func(tx pgx.Tx) error {
		var names, orgs, userNames, userOrgs []string
		var n, people []int64
		for at, count := range calls {
			names, orgs, n = append(names, at.layer), append(orgs, at.org), append(n, count)
		}
		for _, w := range fresh {
			userNames, userOrgs, people = append(userNames, w.layer), append(userOrgs, w.org), append(people, w.person)
		}
		// In one order on every node, so that they do not wait for each other in a ring.
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.layer_usage (day, layer, org, calls)
			SELECT @day::text::date, * FROM unnest(@names::text[], @orgs::text[], @n::bigint[]) u (layer, org, n) ORDER BY 2, 3
			ON CONFLICT (day, layer, org) DO UPDATE SET calls = layer_usage.calls + excluded.calls`,
			pgx.NamedArgs{"day": day, "names": names, "orgs": orgs, "n": n}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.layer_usage_today (day, layer, org, person)
			SELECT @day::text::date, u.layer, u.org, u.person FROM unnest(@names::text[], @orgs::text[], @people::bigint[]) u (layer, org, person)
			WHERE EXISTS (SELECT FROM onemap.person WHERE id = u.person) ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING`,
			pgx.NamedArgs{"day": day, "names": userNames, "orgs": userOrgs, "people": people}); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `WITH over AS (DELETE FROM onemap.layer_usage_today WHERE day < @day::text::date RETURNING day, layer, org)
			INSERT INTO onemap.layer_usage (day, layer, org, users) SELECT day, layer, org, count(*) FROM over GROUP BY day, layer, org ORDER BY 1, 2, 3
			ON CONFLICT (day, layer, org) DO UPDATE SET users = layer_usage.users + excluded.users`, pgx.NamedArgs{"day": day})
		return err
	})
	if err != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		for at, count := range calls {
			u.calls[at] += count
		}
		u.fresh = append(fresh, u.fresh...)
		return fmt.Errorf("write usage: %w", err)
	}
	return nil
}
