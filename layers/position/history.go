package position

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// maxHistory is how many positions one answer has.
const maxHistory = 10_000

// An Ask is for a worker's history.
type Ask struct {
	Login    string    // "": the caller
	From, To time.Time // From <= at < To; zero: the last 24 hours up to now
	Reason   string    // why: needed for another's
	Address  string    // of the caller
}

// A Past is one position of a history.
type Past struct {
	At        time.Time `json:"at"`
	Lon       float64   `json:"lon" doc:"EPSG:4326"`
	Lat       float64   `json:"lat"`
	AccuracyM float64   `json:"accuracy_m" doc:"0: not known"`
	Grid      string    `json:"grid_code"`
	CRS       string    `json:"crs" doc:"As the device declared it"`
}

// A Look is somebody's look at the caller's history.
type Look struct {
	At     time.Time `json:"at"`
	Name   string    `json:"name"`
	Org    string    `json:"org"`
	Reason string    `json:"reason"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

// A History is where a worker on duty was.
type History struct {
	Login     string    `json:"login"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Positions []Past    `json:"positions" nullable:"false"`
	Next      time.Time `json:"next,omitzero" doc:"Ask from it for those after them; absent at the end"`
	KeepDays  int       `json:"keep_days" doc:"How long positions are kept"`
	Looks     []Look    `json:"looks,omitempty" doc:"Who looked at one's own history, the latest first"`
}

// History returns where a worker was while on duty, the earliest first: to the
// worker, and to a command centre for the workers of its area that says why.
// Each look at another's history is audited, in the transaction that reads it,
// and shown to the worker.
//
// It returns an error wrapping [access.ErrForbidden] for others, one wrapping
// [layers.ErrNotFound] for somebody who is no worker of the area, and a
// [layers.InputError].
func (s *Store) History(ctx context.Context, scope access.Scope, q Ask) (History, error) {
	who, ok := scope.Person()
	if !ok {
		return History{}, access.ErrUnauthenticated
	}
	now := time.Now()
	if q.To.IsZero() {
		q.To = now
	}
	if q.From.IsZero() {
		q.From = q.To.Add(-24 * time.Hour)
	}
	if !q.From.Before(q.To) {
		return History{}, &layers.InputError{Field: "to", Value: q.To.Format(time.RFC3339), Remedy: "a time after from"}
	}
	own := q.Login == "" || q.Login == who.Login
	if own {
		if !scope.Has(access.GridWorker) || who.ID == 0 {
			return History{}, &layers.InputError{Field: "login", Remedy: "whose history"}
		}
		q.Login = who.Login
	} else {
		if err := scope.Require(access.CommandCentre); err != nil {
			_ = access.NewAudit(s.db()).Record(ctx, scope, access.Entry{Action: "position.history", Object: "person/" + layers.Short(q.Login), Result: access.Refused, Address: q.Address})
			return History{}, fmt.Errorf("others' positions are for the command centre: %w", err)
		}
		if q.Reason = strings.TrimSpace(q.Reason); len([]rune(q.Reason)) < 4 || len([]rune(q.Reason)) > 500 {
			return History{}, &layers.InputError{Field: "reason", Remedy: "4 to 500 characters: why you need to know; the worker is shown it"}
		}
	}
	h := History{Login: q.Login, From: q.From, To: q.To, Positions: []Past{}, KeepDays: s.keepDays(ctx)}
	err := pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error {
		person := who.ID
		if !own {
			// The area of an organisation is a prefix of those below it.
			err := tx.QueryRow(ctx, `SELECT p.id FROM onemap.person p JOIN onemap.organisation o ON o.code = p.org
				WHERE p.login = @login AND starts_with(o.area_code, @area)`, pgx.NamedArgs{"login": q.Login, "area": scope.Org().AreaCode}).Scan(&person)
			if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it as it is
				return fmt.Errorf("%w: no such person in your area", layers.ErrNotFound)
			}
			if err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, `SELECT at, lon, lat, accuracy_m, grid_code, crs FROM onemap.position
			WHERE person = @person AND at >= @from AND at < @to ORDER BY at LIMIT @limit`,
			pgx.NamedArgs{"person": person, "from": q.From, "to": q.To, "limit": maxHistory + 1})
		if err != nil {
			return err
		}
		if h.Positions, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Past]); err != nil {
			return err
		}
		if len(h.Positions) > maxHistory {
			h.Next, h.Positions = h.Positions[maxHistory].At, h.Positions[:maxHistory]
		}
		if own {
			rows, err := tx.Query(ctx, `SELECT at, name, org, reason, since, until FROM onemap.position_look WHERE person = @person ORDER BY id DESC LIMIT 100`, pgx.NamedArgs{"person": person})
			if err != nil {
				return err
			}
			h.Looks, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Look])
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.position_look (person, name, org, reason, since, until) VALUES (@person, @name, @org, @reason, @from, @to)`,
			pgx.NamedArgs{"person": person, "name": who.Name, "org": who.Org, "reason": q.Reason, "from": q.From, "to": q.To}); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "position.history", Object: "person/" + q.Login, Result: access.Done, Reason: q.Reason, Address: q.Address,
			Detail: map[string]any{"from": q.From, "to": q.To, "positions": len(h.Positions)}})
	})
	if err != nil {
		return History{}, fmt.Errorf("read a history of positions: %w", err)
	}
	if h.Positions == nil {
		h.Positions = []Past{}
	}
	return h, nil
}
