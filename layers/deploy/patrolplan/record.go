package patrolplan

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/patrol"
)

// method names how plans are made: another one when the same record would give
// another plan.
const method = "patrol/1"

// A record is all that a plan is made by. With the matrix, which it names by
// its hash, it gives the plan's stops and times.
type record struct {
	Method  string        `json:"method"`
	Mode    string        `json:"mode"`
	Run     int64         `json:"run,omitempty"`
	RunHash string        `json:"run_hash,omitempty"`
	From    time.Time     `json:"from"` // the seconds of spots and units count from it
	Asked   Rules         `json:"asked"`
	Rules   patrol.Rules  `json:"rules"`
	Spots   []patrol.Spot `json:"spots"`
	Units   []patrol.Unit `json:"units"`
	Matrix  string        `json:"matrix"`           // SHA-256
	Orders  [][]int       `json:"orders,omitempty"` // a person's, after an edit
}

func (r record) problem(m [][]float32) patrol.Problem {
	return patrol.Problem{Travel: m, Spots: r.Spots, Units: r.Units, Rules: r.Rules}
}

// solve makes the plan that the record describes.
func (r record) solve(ctx context.Context, m [][]float32) (patrol.Plan, error) {
	if r.Orders != nil {
		return patrol.Retime(r.problem(m), r.Orders)
	}
	return patrol.Solve(ctx, r.problem(m))
}

// canonical is the record's bytes and their hash. It is kept as jsonb, which
// keeps numbers digit by digit but no order of keys: read into the type and
// written again it is the same bytes.
func (r record) canonical() (b []byte, hash string, err error) {
	if b, err = json.Marshal(r); err != nil {
		return nil, "", fmt.Errorf("record of a patrol plan: %w", err)
	}
	return b, sum(b), nil
}

// readRecord reads a plan's record and matrix, and holds them against their hashes.
func readRecord(ctx context.Context, db querier, id int64) (r record, m [][]float32, err error) {
	var raw, travel, hash []byte
	if err := db.QueryRow(ctx, `SELECT record, travel, hash FROM onemap.patrol_plan WHERE id = $1`, id).Scan(&raw, &travel, &hash); err != nil {
		return r, nil, err
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, nil, fmt.Errorf("record of patrol plan %d: %w", id, err)
	}
	_, have, err := r.canonical()
	if err != nil {
		return r, nil, err
	}
	if have != hex.EncodeToString(hash) || r.Matrix != sum(travel) {
		return r, nil, fmt.Errorf("patrol plan %d: its record was changed after it was made", id)
	}
	m, err = unpack(travel)
	return r, m, err
}

// Remake makes a plan again from its record, and says whether its stops and
// times are the same.
func (s *Store) Remake(ctx context.Context, scope access.Scope, id int64) (same bool, err error) {
	p, err := s.Get(ctx, scope, id)
	if err != nil {
		return false, err
	}
	r, m, err := readRecord(ctx, s.Layers.DB(), id)
	if err != nil {
		return false, err
	}
	if r.Method != method {
		return false, fmt.Errorf("patrol plan %d was made by %s, and this is %s: %w", id, r.Method, method, layers.ErrConflict)
	}
	done, err := s.Turn.Take(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	again, err := r.solve(ctx, m)
	if err != nil {
		return false, faultOf(err)
	}
	for u, unit := range p.Units {
		var was, is []string
		for _, stop := range unit.Stops {
			was = append(was, fmt.Sprint(stop.Place-1, " ", stop.Start.UTC().Format(time.RFC3339)))
		}
		for _, stop := range again.Routes[u].Stops {
			is = append(is, fmt.Sprint(stop.Spot, " ", r.moment(stop.StartS).UTC().Format(time.RFC3339)))
		}
		if !reflect.DeepEqual(was, is) {
			return false, nil
		}
	}
	return true, nil
}

// moment is a second of the plan as a time, to the second.
func (r record) moment(s float64) time.Time {
	return r.From.Add(time.Duration(s * float64(time.Second))).Round(time.Second)
}

// flow notes what happened to a plan, and writes it into the audit.
func flow(ctx context.Context, tx pgx.Tx, scope access.Scope, now time.Time, plan int64, step Step, address string) error {
	who, _ := scope.Person()
	detail := map[string]any{}
	if step.Action == "edit" {
		detail = map[string]any{"removed": step.Removed, "added": step.Added, "moved": step.Moved}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.patrol_flow (plan, at, actor, org, action, version, reason, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		plan, now, who.Login, who.Org, step.Action, step.Version, step.Reason, detail); err != nil {
		return err
	}
	return access.RecordTx(ctx, tx, scope, access.Entry{Action: "patrol." + step.Action, Object: fmt.Sprintf("patrol/%d", plan), Result: access.Done, Reason: step.Reason, Address: address, Detail: detail})
}
