package grid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/griddraw"
	"onemap/layers"
	"onemap/layers/access"
)

// States of a draft.
const (
	Drawing   = "drawing" // it is being made
	Open      = "open"    // it can be edited
	Failed    = "failed"  // it could not be made: see Error
	Published = "published"
	Deleted   = "deleted"
)

// A Draft is cells that are edited together and then published as a version.
type Draft struct {
	ID          int64           `json:"id"`
	Name        string          `json:"name"`
	Layer       string          `json:"layer"`
	Source      string          `json:"source" enum:"draw,current,empty"`
	Ground      Ground          `json:"ground" doc:"What it was asked to be of"`
	Communities []string        `json:"communities" nullable:"false"`
	State       string          `json:"state" enum:"drawing,open,failed,published,deleted"`
	Step        string          `json:"step" doc:"While it is made: what is being done"`
	Progress    float64         `json:"progress" doc:"0 to 1"`
	Error       string          `json:"error,omitempty"`
	Version     int             `json:"version" doc:"To be sent with every change"`
	Cells       int64           `json:"cells"`
	Fresh       int64           `json:"new_cells" doc:"That have no code in force"`
	Operations  int64           `json:"operations" doc:"Done and not undone"`
	CanUndo     bool            `json:"can_undo"`
	CanRedo     bool            `json:"can_redo"`
	BBox        []float64       `json:"bbox,omitempty"`
	Report      json.RawMessage `json:"report,omitempty"`
	MadeBy      string          `json:"made_by"`
	MadeAt      time.Time       `json:"made_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	PublishedBy string          `json:"published_by,omitempty"`
	PublishedAt *time.Time      `json:"published_at,omitempty"`
	ValidFrom   string          `json:"valid_from,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Result      *Outcome        `json:"result,omitempty"`
	Reassigned  *int64          `json:"reassigned,omitempty" doc:"Features given their new grid so far"`
	Reassigning bool            `json:"reassigning" doc:"Features are still being given their new grid"`
}

// Outcome says what publishing a draft did.
type Outcome struct {
	Begun     int64 `json:"begun" doc:"New codes and new versions"`
	Corrected int64 `json:"corrected" doc:"Versions that began the same day"`
	Unchanged int64 `json:"unchanged"`
	Ended     int64 `json:"ended" doc:"Versions that ended, replaced ones included"`
	Codes     int64 `json:"codes_ended" doc:"Codes that are in force no more"`
	Workers   int64 `json:"workers" doc:"Grid workers who answer for such a code: give them another"`
	Rules     int64 `json:"rules" doc:"Rules of responsibility that name such a code"`
}

// A PlaceError is an InputError about a place.
type PlaceError struct {
	layers.InputError
	At orb.Point // longitude and latitude
}

func (e *PlaceError) Unwrap() error { return &e.InputError }

// Place is where the fault lies.
func (e *PlaceError) Place() orb.Point { return e.At }

// Drafts keeps drafts of grids, and does the long work on them.
type Drafts struct {
	Store *layers.Store
	Log   *slog.Logger

	ctx   context.Context // of the work in the background
	stop  context.CancelFunc
	wg    sync.WaitGroup
	turns chan struct{} // a place for the draft that is made; others wait
}

// NewDrafts returns the drafts of a database. Work in the background ends with
// ctx; call Close to wait for it.
func NewDrafts(ctx context.Context, store *layers.Store, log *slog.Logger) *Drafts {
	ctx, stop := context.WithCancel(ctx)
	return &Drafts{Store: store, Log: log, ctx: ctx, stop: stop, turns: make(chan struct{}, 1)}
}

// Close breaks off the work in the background and waits for its end. [Drafts.Resume]
// takes it up again.
func (d *Drafts) Close() {
	d.stop()
	d.wg.Wait()
}

// Wait waits for the work in the background.
func (d *Drafts) Wait() { d.wg.Wait() }

// A NewDraft is what a draft is to be made of.
type NewDraft struct {
	Name    string
	Layer   string // "": grid_unit
	Source  string // draw, current, empty
	Ground  Ground
	Options DrawOptions
	Address string // of the caller, for the audit
}

// DrawOptions are the sizes that cells should have, in square metres; 0: as [griddraw.Options] says.
type DrawOptions struct {
	TargetM2  float64 `json:"target_m2,omitempty"`
	OutsideM2 float64 `json:"outside_m2,omitempty"`
}

func (n *NewDraft) check() error {
	bad := func(field, value, remedy string) error {
		return &layers.InputError{Field: field, Value: value, Remedy: remedy}
	}
	if n.Layer == "" {
		n.Layer = "grid_unit"
	}
	switch {
	case n.Name == "" || len([]rune(n.Name)) > 100:
		return bad("name", n.Name, "1 to 100 characters")
	case !slices.Contains(Layers, n.Layer):
		return bad("layer", n.Layer, "grid_unit, grid_duty or grid_community")
	case !slices.Contains([]string{"draw", "current", "empty"}, n.Source):
		return bad("source", n.Source, "draw, current or empty")
	case n.Source == "draw" && n.Layer != "grid_unit":
		return bad("source", n.Source, "current or empty: only unit grids are drawn")
	case n.Options.TargetM2 != 0 && !(n.Options.TargetM2 >= 1000 && n.Options.TargetM2 <= 1e6):
		return bad("options.target_m2", fmt.Sprint(n.Options.TargetM2), "1,000 to 1,000,000")
	case n.Options.OutsideM2 != 0 && !(n.Options.OutsideM2 >= 1000 && n.Options.OutsideM2 <= 1e8):
		return bad("options.outside_m2", fmt.Sprint(n.Options.OutsideM2), "1,000 to 100,000,000")
	}
	return nil
}

// maxMaking is how many drafts may be made or wait for it. One is made at a
// time by each server: drawing a city takes a core and gigabytes.
const maxMaking = 8

// Create begins a draft; it is made in the background. Administrators only. It
// returns an error wrapping [layers.ErrConflict] where enough are being made.
func (d *Drafts) Create(ctx context.Context, by access.Scope, n NewDraft) (Draft, error) {
	if err := by.Require(access.Administrator); err != nil {
		return Draft{}, err
	}
	if err := n.check(); err != nil {
		return Draft{}, err
	}
	communities, err := n.Ground.communities(ctx, d.Store.DB())
	if err != nil {
		return Draft{}, err
	}
	if err := codesOK(communities); err != nil {
		return Draft{}, err
	}
	var id int64
	err = pgx.BeginFunc(ctx, d.Store.DB(), func(tx pgx.Tx) error {
		codes := make([]string, len(communities))
		for i, c := range communities {
			codes[i] = c.Code
		}
		var making int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM onemap.grid_draft WHERE state = 'drawing' AND alive_at > now() - interval '2 minutes'`).Scan(&making); err != nil {
			return err
		}
		if making >= maxMaking {
			return fmt.Errorf("%w: %d drafts are being made: wait for them, or delete one", layers.ErrConflict, making)
		}
		if err := tx.QueryRow(ctx, `INSERT INTO onemap.grid_draft (name, layer, source, ground, options, communities, state, step, made_by)
			VALUES ($1, $2, $3, $4, $5, $6, 'drawing', 'waiting', $7) RETURNING id`,
			n.Name, n.Layer, n.Source, n.Ground, n.Options, codes, login(by)).Scan(&id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "grid_draft.create", Object: fmt.Sprintf("grid_draft/%d", id), Result: access.Done,
			Address: n.Address, Detail: map[string]any{"layer": n.Layer, "source": n.Source, "communities": len(codes)}})
	})
	if err != nil {
		return Draft{}, fmt.Errorf("create draft: %w", err)
	}
	d.work(id, d.make) //nolint:contextcheck // it outlives the request and ends with the server
	return d.Get(ctx, by, id)
}

// areaCode is the form of codes that map tables take.
func codesOK(communities []griddraw.Community) error {
	seen := map[string]bool{}
	for _, c := range communities {
		if len(c.Code) > 20 || !validArea(c.Code) {
			return &layers.InputError{Field: "communities", Value: c.Code, Remedy: "codes of digits, letters, _ and -, 20 at most"}
		}
		if seen[c.Code] {
			return &layers.InputError{Field: "communities", Value: c.Code, Remedy: "each code once"}
		}
		seen[c.Code] = true
	}
	return nil
}

func validArea(code string) bool {
	for _, r := range code {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '-') {
			return false
		}
	}
	return code != ""
}

func login(by access.Scope) string {
	if p, ok := by.Person(); ok {
		return p.Login
	}
	return "system"
}

const draftSQL = `SELECT g.id, g.name, g.layer, g.source, g.ground, g.communities,
	CASE WHEN g.state = 'drawing' AND g.alive_at < now() - interval '2 minutes' THEN 'failed' ELSE g.state END,
	g.step, g.progress, CASE WHEN g.state = 'drawing' AND g.alive_at < now() - interval '2 minutes' THEN 'the work was broken off: make it anew' ELSE g.error END,
	g.version, c.n, c.fresh, o.done, o.done > 0, o.undone > 0, c.box, CASE WHEN @report THEN g.report END, g.made_by, g.made_at, g.updated_at,
	g.published_by, g.published_at, coalesce(g.valid_from::text, ''), g.reason, g.result, g.reassigned, g.state = 'published' AND g.reassigned_at IS NULL
	FROM onemap.grid_draft g,
	LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE fresh) AS fresh,
		CASE WHEN count(*) > 0 THEN ARRAY[ST_XMin(ST_Extent(geom)), ST_YMin(ST_Extent(geom)), ST_XMax(ST_Extent(geom)), ST_YMax(ST_Extent(geom))] END AS box
		FROM onemap.grid_draft_cell WHERE draft = g.id) c,
	LATERAL (SELECT count(*) FILTER (WHERE undone_at IS NULL) AS done, count(*) FILTER (WHERE undone_at IS NOT NULL AND NOT dropped) AS undone
		FROM onemap.grid_draft_op WHERE draft = g.id) o
	WHERE g.state <> 'deleted' AND (@id::bigint = 0 OR g.id = @id) ORDER BY g.id DESC LIMIT 500`

func (d *Drafts) read(ctx context.Context, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, id int64) ([]Draft, error) {
	rows, err := db.Query(ctx, draftSQL, pgx.NamedArgs{"id": id, "report": id != 0})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Draft])
}

// List returns all drafts, the latest first, without their reports.
func (d *Drafts) List(ctx context.Context, by access.Scope) ([]Draft, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	all, err := d.read(ctx, d.Store.DB(), 0)
	if err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	return all, nil
}

// Get returns one draft with its report.
func (d *Drafts) Get(ctx context.Context, by access.Scope, id int64) (Draft, error) {
	if err := by.Require(); err != nil {
		return Draft{}, err
	}
	all, err := d.read(ctx, d.Store.DB(), max(id, -1))
	if err != nil {
		return Draft{}, fmt.Errorf("draft %d: %w", id, err)
	}
	if len(all) != 1 || id <= 0 {
		return Draft{}, fmt.Errorf("draft %d: %w", id, layers.ErrNotFound)
	}
	return all[0], nil
}

// lock takes a draft for a change by someone who saw version. A published draft
// can only be deleted.
func (d *Drafts) lock(ctx context.Context, tx pgx.Tx, by access.Scope, id int64, version int) (layer string, err error) {
	if err := by.Require(access.Administrator); err != nil {
		return "", err
	}
	var state string
	var have int
	err = tx.QueryRow(ctx, `SELECT layer, state, version FROM onemap.grid_draft WHERE id = $1 AND state <> 'deleted' FOR UPDATE`, id).Scan(&layer, &state, &have)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", fmt.Errorf("draft %d: %w", id, layers.ErrNotFound)
	case err != nil:
		return "", err
	case state == Drawing:
		return "", fmt.Errorf("%w: the draft is still being made", layers.ErrConflict)
	case state != Open:
		return "", fmt.Errorf("%w: the draft is %s", layers.ErrConflict, state)
	case version != have:
		return "", fmt.Errorf("%w: someone else edited the draft: it has version %d now", layers.ErrConflict, have)
	}
	return layer, nil
}

// Delete takes a draft away, whatever its state; what is made of it meanwhile
// is thrown away. What was published stays in force.
func (d *Drafts) Delete(ctx context.Context, by access.Scope, id int64, version int, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, d.Store.DB(), func(tx pgx.Tx) error {
		var have int
		err := tx.QueryRow(ctx, `SELECT version FROM onemap.grid_draft WHERE id = $1 AND state <> 'deleted' FOR UPDATE`, id).Scan(&have)
		if errors.Is(err, pgx.ErrNoRows) {
			return layers.ErrNotFound
		}
		if err != nil {
			return err
		}
		if version != 0 && version != have {
			return fmt.Errorf("%w: someone else edited the draft: it has version %d now", layers.ErrConflict, have)
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.grid_draft SET state = 'deleted', version = version + 1, updated_at = now() WHERE id = $1`, id); err != nil {
			return err
		}
		for _, sql := range []string{`DELETE FROM onemap.grid_draft_cell WHERE draft = $1`, `DELETE FROM onemap.grid_draft_ground WHERE draft = $1`,
			`DELETE FROM onemap.grid_draft_image i USING onemap.grid_draft_op o WHERE o.id = i.op AND o.draft = $1`} {
			if _, err := tx.Exec(ctx, sql, id); err != nil {
				return err
			}
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "grid_draft.delete", Object: fmt.Sprintf("grid_draft/%d", id), Result: access.Done, Address: address})
	})
	if err != nil {
		return fmt.Errorf("delete draft %d: %w", id, err)
	}
	return nil
}
