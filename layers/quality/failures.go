package quality

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// A Failure is a row that failed rules in the latest run.
type Failure struct {
	ID       int64 // the feature's; of a batch's row the line of its file
	Geometry orb.Geometry
	Rules    []int64
	Values   []any // in the order of [Failures.Fields]
}

// Failures are the rows that failed.
type Failures struct {
	Run    int64
	Layer  layers.Layer
	Fields []string // that the caller may see
	Rows   []Failure
	More   bool // there are more after the last
}

// A FailureQuery asks for failing rows in the order of their numbers.
type FailureQuery struct {
	Layer string
	Batch int64      // 0: of the layer itself
	Rule  int64      // 0: of all
	Box   *orb.Bound // degrees; nil: everywhere
	After int64      // with larger numbers only: the next page
	Limit int        // 1 to 5000; 0: 1000
}

// Failures returns rows that failed a rule in the latest run, as they are now
// and as the caller may see them: rows outside their right are left out, and
// so are rules on fields that they do not see. A row that is gone since is not
// among them. A batch's rows are its department's only.
func (s *Store) Failures(ctx context.Context, by access.Scope, q FailureQuery) (Failures, error) {
	l, right, err := s.visible(ctx, by, q.Layer)
	if err != nil {
		return Failures{}, err
	}
	if q.Limit == 0 {
		q.Limit = 1000
	}
	if q.Limit < 1 || q.Limit > 5000 {
		return Failures{}, &layers.InputError{Field: "limit", Value: fmt.Sprint(q.Limit), Remedy: "1 to 5000"}
	}
	if q.Batch != 0 {
		if err := s.mayBatch(ctx, by, l, q.Batch); err != nil {
			return Failures{}, err
		}
	}
	out := Failures{Layer: l, Rows: []Failure{}}
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return s.failures(ctx, tx, l, right, q, &out)
	})
	return out, access.Wrap("failing rows of "+l.Name, err)
}

func (s *Store) failures(ctx context.Context, tx pgx.Tx, l layers.Layer, right access.Right, q FailureQuery, out *Failures) error {
	table := "map." + l.Name
	if q.Batch != 0 {
		table = fmt.Sprintf("import.batch_%d", q.Batch)
	}
	src, err := open(ctx, tx, l, table, q.Batch)
	if err != nil { // a batch whose rows are no longer staged
		return fmt.Errorf("rows of batch %d: %w", q.Batch, layers.ErrNotFound)
	}
	var run *int64
	if err := tx.QueryRow(ctx, `SELECT max(id) FROM onemap.quality_run WHERE layer = $1 AND coalesce(batch, 0) = $2`, l.Name, q.Batch).Scan(&run); err != nil {
		return err
	}
	if run == nil {
		return nil
	}
	out.Run = *run
	rules, err := rulesOf(ctx, tx, "r.id IN (SELECT t.rule FROM onemap.quality_result t WHERE t.run = $1 AND t.a < t.b) AND ($2::bigint = 0 OR r.id = $2)", *run, q.Rule)
	if err != nil {
		return err
	}
	var ids []int64
	for _, r := range rules {
		if shown(r, l, right) {
			ids = append(ids, r.ID)
		}
	}
	var a layers.Args
	cond := "true"
	if !src.staging { // the owner's own file, which is in no layer yet
		if cond, err = l.SQL(right.Where, &a); err != nil {
			return err
		}
	}
	if q.Box != nil {
		box, err := l.SQL(where.Within{Bound: *q.Box}, &a)
		if err != nil {
			return err
		}
		cond = "(" + cond + ") AND " + box
	}
	geom := "NULL::geometry"
	if src.has("geom") {
		geom = "f.geom"
	}
	cols := ""
	for _, name := range right.Fields {
		f, _ := l.Field(name)
		if src.has(name) {
			out.Fields = append(out.Fields, name)
			cols += ", " + column(name) + "::" + valueTypes[f.Type]
		}
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT %s, %s, x.rules%s
		FROM (SELECT row, array_agg(rule ORDER BY rule) AS rules FROM onemap.quality_failure WHERE run = %s AND rule = ANY (%s) AND row > %s GROUP BY row) x
		JOIN %s f ON %s = x.row WHERE %s ORDER BY 1 LIMIT %s`,
		column(src.key), geom, cols, a.Add(*run), a.Add(ids), a.Add(q.After), src.sql, column(src.key), cond, a.Add(q.Limit+1)), a...)
	if err != nil {
		return err
	}
	out.Rows, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Failure, error) {
		f := Failure{Values: make([]any, len(out.Fields))}
		targets := []any{&f.ID, &f.Geometry, &f.Rules}
		for i := range f.Values {
			targets = append(targets, &f.Values[i])
		}
		err := row.Scan(targets...)
		return f, err
	})
	if err != nil {
		return err
	}
	if len(out.Rows) > q.Limit {
		out.Rows, out.More = out.Rows[:q.Limit], true
	}
	return nil
}

// valueTypes are what a field's values are read as.
var valueTypes = map[string]string{"text": "text", "integer": "bigint", "number": "double precision", "boolean": "boolean", "date": "date", "time": "timestamptz"}

// mayDecide says whether the caller decides on rows that are held back: an
// officer who acts for the layer's owner.
func mayDecide(by access.Scope, l layers.Layer) error {
	if l.Owner == "" {
		return by.Require(access.Administrator)
	}
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return err
	}
	if !by.ActsFor(l.Owner) {
		return fmt.Errorf("rows that are held back are for the organisation that owns %s: %w", l.Name, access.ErrForbidden)
	}
	return nil
}

// mayBatch says whether the caller sees the rows that an import brings: the
// owner's officer does, and of its branches the one that brings them.
func (s *Store) mayBatch(ctx context.Context, by access.Scope, l layers.Layer, batch int64) error {
	if err := mayDecide(by, l); err != nil {
		return err
	}
	var org string
	err := s.Layers.DB().QueryRow(ctx, `SELECT org FROM onemap.batch WHERE id = $1 AND layer = $2`, batch, l.Name).Scan(&org)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("batch %d: %w", batch, layers.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("batch %d: %w", batch, err)
	}
	if own := by.Org().Code; own != "" && own != l.Owner && own != org {
		return fmt.Errorf("batch %d: %w", batch, layers.ErrNotFound)
	}
	return nil
}

// A Held row is one that an import kept out of a layer.
type Held struct {
	ID        int64          `json:"id"`
	Layer     string         `json:"layer"`
	Batch     int64          `json:"batch"`
	RowNumber int64          `json:"row_number" doc:"The line of its file"`
	Rules     []int64        `json:"rules" nullable:"false" doc:"That it failed"`
	Values    map[string]any `json:"values" doc:"Of the fields that the caller may see"`
	Place     *LonLat        `json:"place,omitempty" doc:"A point on it"`
	State     string         `json:"state" enum:"held,let_in,mended,dropped,undone"`
	Feature   int64          `json:"feature,omitempty" doc:"What it became"`
	DecidedBy string         `json:"decided_by,omitempty"`
	Reason    string         `json:"reason,omitempty"`
}

// HeldRows returns rows of a layer that are held back, or with decided all
// that were, in the order of their numbers.
func (s *Store) HeldRows(ctx context.Context, by access.Scope, layer string, batch int64, decided bool, after int64, limit int) ([]Held, error) {
	l, right, err := s.visible(ctx, by, layer)
	if err != nil {
		return nil, err
	}
	if err := mayDecide(by, l); err != nil {
		return nil, err
	}
	if limit < 1 || limit > 1000 {
		return nil, &layers.InputError{Field: "limit", Value: fmt.Sprint(limit), Remedy: "1 to 1000"}
	}
	return s.held(ctx, s.Layers.DB(), by, right, `layer = $1 AND ($2::bigint = 0 OR batch = $2) AND (state = 'held' OR $3) AND id > $4`, limit, l.Name, batch, decided, after)
}

// held reads rows that are held back. A branch has those of its own area, and
// those that lie nowhere.
func (s *Store) held(ctx context.Context, db reader, by access.Scope, right access.Right, cond string, limit int, args ...any) ([]Held, error) {
	area := by.Org().AreaCode
	rows, err := db.Query(ctx, `SELECT id, layer, batch, row_number, rules, content, ST_X(ST_PointOnSurface(geom)), ST_Y(ST_PointOnSurface(geom)), state, coalesce(feature, 0), coalesce(decided_by, ''), reason
		FROM onemap.quarantine WHERE `+cond+fmt.Sprintf(` AND (coalesce(content ->> 'area_code', '') = '' OR starts_with(content ->> 'area_code', $%d)) ORDER BY id LIMIT %d`, len(args)+1, limit), append(args, area)...)
	if err != nil {
		return nil, fmt.Errorf("rows held back: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Held, error) {
		var h Held
		var lon, lat *float64
		var content []byte
		err := row.Scan(&h.ID, &h.Layer, &h.Batch, &h.RowNumber, &h.Rules, &content, &lon, &lat, &h.State, &h.Feature, &h.DecidedBy, &h.Reason)
		if lon != nil && lat != nil {
			h.Place = &LonLat{*lon, *lat}
		}
		if err != nil {
			return h, err
		}
		numbers := json.NewDecoder(bytes.NewReader(content))
		numbers.UseNumber() // seventeen digits are a code, not a number
		err = numbers.Decode(&h.Values)
		for name := range h.Values {
			if !slices.Contains(right.Fields, name) {
				delete(h.Values, name)
			}
		}
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("rows held back: %w", err)
	}
	if all == nil {
		all = []Held{}
	}
	return all, nil
}
