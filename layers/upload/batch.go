package upload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/intake"
	"onemap/layers/quality"
)

// States of a [Batch].
const (
	Staging   = "staging"
	Previewed = "previewed"
	Applied   = "applied"
	Undone    = "undone"
	Dropped   = "dropped"
)

// A Batch is the rows of a file on their way into a layer, or what became of them.
type Batch struct {
	ID        int64         `json:"id"`
	State     string        `json:"state" enum:"staging,previewed,applied,undone,dropped"`
	Layer     string        `json:"layer"`
	MadeLayer bool          `json:"made_layer,omitempty" doc:"The layer comes into being with it"`
	Upload    int64         `json:"upload,omitempty"`
	File      string        `json:"file"`
	CRS       string        `json:"crs"`
	By        string        `json:"by"`
	Org       string        `json:"org,omitempty"`
	Begun     time.Time     `json:"begun"`
	AppliedAt *time.Time    `json:"applied_at,omitempty"`
	UndoneAt  *time.Time    `json:"undone_at,omitempty"`
	UndoneBy  string        `json:"undone_by,omitempty"`
	Full      bool          `json:"full,omitempty"`
	Read      int64         `json:"read"`
	Staged    int64         `json:"staged" doc:"Rows that were read well"`
	Rejected  int64         `json:"rejected"`
	Skipped   int64         `json:"skipped"`
	KeptOut   int64         `json:"kept_out" doc:"Rows that wait in quarantine"`
	Change    intake.Change `json:"change" doc:"What it is for the layer, or was"`
	Summary   Summary       `json:"summary"`
	Plan      *Plan         `json:"plan,omitempty"`

	xid uint64
}

// Summary is what else people should know of a batch.
type Summary struct {
	Reasons []Reason      `json:"reasons,omitempty" nullable:"false" doc:"Why rows were rejected or left out, the commonest first"`
	Notes   []string      `json:"notes,omitempty" nullable:"false"`
	Card    *quality.Card `json:"card,omitempty" doc:"What the quality rules found"`
	Held    int64         `json:"held,omitempty" doc:"Rows that will wait in quarantine"`
	TookMS  int64         `json:"took_ms,omitempty"`
	Box     []float64     `json:"box,omitempty" doc:"Around all of its places: west, south, east, north" nullable:"false"`

	Gone bool `json:"gone,omitempty" doc:"It takes rows away by name"`

	Written []string       `json:"written,omitempty" nullable:"false" doc:"The columns that it fills"`
	Rules   []quality.Rule `json:"rules,omitempty" nullable:"false" doc:"The rules that a new layer gets"`
}

// A Reason is why rows did not come in.
type Reason struct {
	Field   string `json:"field,omitempty"`
	Reason  string `json:"reason"`
	N       int64  `json:"n"`
	Skipped bool   `json:"skipped,omitempty"`
}

// target is a layer that the caller may bring data into, and what may be written of it.
func (s *Store) target(ctx context.Context, by access.Scope, name string) (layers.Layer, access.Edit, error) {
	l, err := s.Layers.Layer(ctx, name)
	if err != nil {
		return l, access.Edit{}, err
	}
	if _, visible := by.Layer(l); !visible {
		return l, access.Edit{}, fmt.Errorf("layer %q: %w", layers.Short(name), layers.ErrNotFound)
	}
	e, err := by.Edit(l)
	return l, e, err
}

const batchColumns = `id, state, layer, made_layer, coalesce(upload, 0), file_name, crs, imported_by, org, started_at, finished_at, undone_at, undone_by, mode = 'full',
	rows_read, staged, rejected, skipped, kept_out, inserted, updated, unchanged, deleted, summary, plan, coalesce(xid::text::bigint, 0)`

func scanBatch(row pgx.CollectableRow) (b Batch, err error) {
	var xid int64
	err = row.Scan(&b.ID, &b.State, &b.Layer, &b.MadeLayer, &b.Upload, &b.File, &b.CRS, &b.By, &b.Org, &b.Begun, &b.AppliedAt, &b.UndoneAt, &b.UndoneBy, &b.Full,
		&b.Read, &b.Staged, &b.Rejected, &b.Skipped, &b.KeptOut, &b.Change.Inserted, &b.Change.Updated, &b.Change.Unchanged, &b.Change.Deleted, &b.Summary, &b.Plan, &xid)
	b.xid = uint64(xid) //nolint:gosec // transaction ids are below 2^63 for long
	return b, err
}

// Batch returns a batch of the caller's organisation.
func (s *Store) Batch(ctx context.Context, by access.Scope, id int64) (Batch, error) {
	if err := may(by); err != nil {
		return Batch{}, err
	}
	return batchOf(ctx, s.Layers.DB(), by, id, "")
}

func batchOf(ctx context.Context, db intake.DB, by access.Scope, id int64, lock string) (Batch, error) {
	rows, err := db.Query(ctx, `SELECT `+batchColumns+` FROM onemap.batch WHERE id = @id AND plan IS NOT NULL AND (org = @org OR @all) `+lock, pgx.NamedArgs{"id": id, "org": by.Org().Code, "all": isOperator(by)})
	if err != nil {
		return Batch{}, fmt.Errorf("read batch %d: %w", id, err)
	}
	b, err := pgx.CollectExactlyOneRow(rows, scanBatch)
	if errors.Is(err, pgx.ErrNoRows) {
		return b, fmt.Errorf("batch %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return b, fmt.Errorf("read batch %d: %w", id, err)
	}
	return b, nil
}

// A BatchQuery asks for batches. Zero fields ask for all.
type BatchQuery struct {
	Layer  string
	State  string
	Before int64 // with smaller numbers only
	Limit  int   // 0: 50
}

// Batches returns batches of the caller's organisation, the latest first,
// without their plans and cards.
func (s *Store) Batches(ctx context.Context, by access.Scope, q BatchQuery) ([]Batch, error) {
	if err := may(by); err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT `+batchColumns+` FROM onemap.batch WHERE (org = @org OR @all) AND plan IS NOT NULL AND state <> 'dropped'
		AND (@layer = '' OR layer = @layer) AND (@state = '' OR state = @state) AND (@before::bigint = 0 OR id < @before) ORDER BY id DESC LIMIT @limit`,
		pgx.NamedArgs{"org": by.Org().Code, "all": isOperator(by), "layer": q.Layer, "state": q.State, "before": q.Before, "limit": q.Limit})
	if err != nil {
		return nil, fmt.Errorf("read batches: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanBatch)
	for i := range all {
		all[i].Plan, all[i].Summary.Card, all[i].Summary.Rules = nil, nil, nil
	}
	return all, err
}

// A Reject is a row that did not come in.
type Reject struct {
	Row    int64  `json:"row" doc:"The line of the file"`
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason"`
	Text   string `json:"text,omitempty" doc:"The row as it came"`
}

// Rejects returns the rows of a batch that did not come in, in the order of the
// file, beginning behind a row.
func (s *Store) Rejects(ctx context.Context, by access.Scope, id, after int64, limit int) ([]Reject, error) {
	if _, err := s.Batch(ctx, by, id); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 10_000 {
		limit = 200
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT row_number, field, value, reason, row FROM onemap.batch_reject WHERE batch = $1 AND row_number > $2 ORDER BY row_number LIMIT $3`, id, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read rejects of batch %d: %w", id, err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Reject])
}

// Preview returns places of a batch that is not yet applied, spread over it, as
// a GeoJSON FeatureCollection: geometry simplified for a map, the row's number,
// whether it is new, changed or the same, and the values that it fills.
func (s *Store) Preview(ctx context.Context, by access.Scope, id int64, limit int) (json.RawMessage, error) {
	b, err := s.Batch(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if b.State != Previewed {
		return nil, fmt.Errorf("batch %d is %s: %w", id, b.State, layers.ErrConflict)
	}
	if limit <= 0 || limit > 5000 {
		limit = 1000
	}
	state, join := "'new'", ""
	if !b.MadeLayer {
		state, join = "CASE WHEN t.id IS NULL THEN 'new' ELSE 'known' END", "LEFT JOIN "+pgx.Identifier{"map", b.Layer}.Sanitize()+" t USING (source_key)"
	}
	var out json.RawMessage
	err = s.Layers.DB().QueryRow(ctx, fmt.Sprintf(`
		WITH s AS (SELECT *, (row_number() OVER (ORDER BY i.row_number) - 1) %% greatest(1, @staged::bigint / @limit) AS nth FROM %s i)
		SELECT jsonb_build_object('type', 'FeatureCollection', 'features', coalesce(jsonb_agg(jsonb_build_object('type', 'Feature', 'id', s.row_number,
			'geometry', ST_AsGeoJSON(CASE WHEN ST_NPoints(s.geom) > 200 THEN ST_SimplifyPreserveTopology(s.geom, 0.00002) ELSE s.geom END, 6)::jsonb,
			'properties', (to_jsonb(s) - '{geom,orig,id,nth,batch,updated_at,source_key}'::text[]) || jsonb_build_object('state', %s)) ORDER BY s.row_number), '[]'))
		FROM (SELECT * FROM s WHERE nth = 0 LIMIT @limit) s %s`, intake.StagingTable(id), state, join), pgx.NamedArgs{"limit": limit, "staged": b.Staged}).Scan(&out)
	if isUndefined(err) {
		return nil, fmt.Errorf("batch %d: %w", id, errors.Join(intake.ErrStagingLost, layers.ErrConflict))
	}
	if err != nil {
		return nil, fmt.Errorf("show batch %d: %w", id, err)
	}
	return out, nil
}

// layerOf is the layer of a batch: the registry's, or the one that it makes.
func (s *Store) layerOf(ctx context.Context, b Batch) (layers.Layer, error) {
	if b.MadeLayer && b.State != Applied && b.Plan != nil && b.Plan.New != nil {
		return b.Plan.layer(), nil
	}
	return s.Layers.Layer(ctx, b.Layer)
}

// reasons sorts counts by reason.
func reasons(rejected, skipped map[string]int64) []Reason {
	out := []Reason{}
	add := func(m map[string]int64, skipped bool) {
		for label, n := range m {
			r := Reason{Reason: label, N: n, Skipped: skipped}
			if field, why, ok := cutLabel(label); ok && !skipped {
				r.Field, r.Reason = field, why
			}
			out = append(out, r)
		}
	}
	add(rejected, false)
	add(skipped, true)
	slices.SortFunc(out, func(a, b Reason) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		if a.Field+a.Reason < b.Field+b.Reason {
			return -1
		}
		return 1
	})
	return out[:min(len(out), 100)]
}
