package position

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// rosterAge is how old a roster may be where the log is not followed.
const rosterAge = 2 * time.Second

// A roster is the grid workers below an organisation, by login.
type roster struct {
	mu    sync.Mutex
	by    map[string]oneRoster
	epoch int
	other chan struct{} // told that accounts or roles changed; holds one
}

type oneRoster struct {
	workers map[string]worker
	read    time.Time
}

type worker struct {
	id        int64
	name, org string
}

// of returns the active grid workers of an organisation and of those below it.
func (r *roster) of(ctx context.Context, s *Store, org string) (map[string]worker, error) {
	r.mu.Lock()
	have, ok := r.by[org]
	epoch := r.epoch
	r.mu.Unlock()
	if age := time.Since(have.read); ok && (age < rosterAge || s.known.following() && age < time.Minute) {
		return have.workers, nil
	}
	rows, err := s.db().Query(ctx, `WITH RECURSIVE below (code) AS (
			SELECT @org::text UNION SELECT o.code FROM below b JOIN onemap.organisation o ON o.parent = b.code)
		SELECT p.login, p.id, p.name, p.org FROM below b JOIN onemap.person p ON p.org = b.code JOIN onemap.person_role r ON r.person = p.id
		WHERE p.active AND r.role = 'grid_worker'`, pgx.NamedArgs{"org": org})
	if err != nil {
		return nil, fmt.Errorf("read the workers of a gateway: %w", err)
	}
	out := map[string]worker{}
	var login string
	var w worker
	if _, err := pgx.ForEachRow(rows, []any{&login, &w.id, &w.name, &w.org}, func() error { out[login] = w; return nil }); err != nil {
		return nil, fmt.Errorf("read the workers of a gateway: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.epoch == epoch { // else somebody changed it meanwhile
		if r.by == nil {
			r.by = map[string]oneRoster{}
		}
		r.by[org] = oneRoster{out, time.Now()}
	}
	return out, nil
}

func (r *roster) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.by = nil
	r.epoch++
	select {
	case r.other <- struct{}{}:
	default: // it is told already, or nobody listens
	}
}
