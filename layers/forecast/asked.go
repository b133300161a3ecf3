package forecast

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
)

// An asked is an order, of a run or a standing one, by which one that is sent
// again is known.
type asked struct {
	uuid    uuid.UUID
	content string // SHA-256 of it and who sent it
}

func (o Order) asked(by access.Scope, every string) (asked, error) {
	a := asked{uuid: o.UUID}
	person, _ := by.Person()
	o.UUID, o.Address = uuid.Nil, ""
	o.From, o.Until = o.From.UTC().Round(time.Microsecond), o.Until.UTC().Round(time.Microsecond)
	b, err := json.Marshal(struct {
		Person int64
		Login  string
		Every  string
		Order  Order
	}{person.ID, person.Login, every, o})
	if err != nil {
		return a, &layers.InputError{Field: "origin", Remedy: "finite numbers"}
	}
	sum := sha256.Sum256(b)
	a.content = hex.EncodeToString(sum[:])
	return a, nil
}

// before finds what was made of the order when it was sent before, in a table of
// forecasts. It returns an error wrapping [layers.ErrConflict] where the uuid is
// of another order, or of somebody else's.
func (a asked) before(ctx context.Context, db querier, table string) (id int64, found bool, err error) {
	if a.uuid == uuid.Nil {
		return 0, false, nil
	}
	var same bool
	err = db.QueryRow(ctx, `SELECT id, content = $2 FROM `+pgx.Identifier{"onemap", table}.Sanitize()+` WHERE uuid = $1`, a.uuid, a.content).Scan(&id, &same)
	switch {
	case isNoRow(err):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("order of a forecast: %w", err)
	case !same:
		return 0, false, fmt.Errorf("a different order has the uuid %s: give a new order a new uuid: %w", a.uuid, layers.ErrConflict)
	}
	return id, true, nil
}

// number is what is written in a column uuid.
func (a asked) number() *uuid.UUID {
	if a.uuid == uuid.Nil {
		return nil
	}
	return &a.uuid
}

// taken says whether err is that another request wrote the uuid a moment before.
func taken(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.ConstraintName == "forecast_run_uuid_key" || pg.ConstraintName == "forecast_standing_uuid_key")
}
