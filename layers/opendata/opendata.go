// Package opendata is what the public gets: the portal of open data, off until
// the setting open.portal is true.
//
// A layer is shown to the public if it is open and shared unconditionally, the
// portal is on, and a [Rule] says how. A rule either shows the layer itself
// with its public fields (as the base map), or a copy: a layer open_<name> of
// its own, made of the original by the rule and made anew now and then. The
// copy is data: what the rule leaves out is not in its table, so no filter,
// box, zoom or tile can ask for it. access gives the public no right to the
// original then, and staff none to the copy.
//
// The lattices that coordinates are brought to are the same always and
// everywhere, so that two copies of different days do not cut a cell in two.
package opendata

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
)

// Store keeps rules, copies and keys.
type Store struct {
	Layers *layers.Store
	Jobs   *jobs.Queue // nil: copies are made with the rule

	keys keyCache
}

// CopyPrefix begins the name of every copy.
const CopyPrefix = "open_"

// A Rule says how a layer is shown to the public.
type Rule struct {
	Layer        string
	AsIs         bool     // the layer itself; then all below but Licence is zero
	Fields       []string // of the copy: public fields; others are left out
	CellM        int      // metres: each feature is a point in the middle of its cell; 0: not
	SimplifyM    int      // metres: lines and areas are simplified, on a lattice; 0: not
	DelayHours   int      // what is newer, or changed since, is left out
	Floor        int      // cells with fewer features are left out; 1: none
	RefreshHours int      // how often the copy is made anew; 0: each day
	Licence      string

	Revision int
	BuiltAt  *time.Time // the copy; nil: not made yet
	Current  bool       // what is served is of this revision
	Rows     *int64
	Failed   string // why the copy could not be made; "" if it could
	SetBy    string
	SetAt    time.Time
}

const ruleSQL = `SELECT layer, as_is, fields, coalesce(cell_m, 0) AS cell_m, coalesce(simplify_m, 0) AS simplify_m, delay_hours, floor, refresh_hours, licence,
	revision, built_at, as_is OR built IS NOT DISTINCT FROM revision AS current, rows, failed, set_by, set_at FROM onemap.open_rule`

// Rules returns all rules by layer, for whoever is signed in.
func (s *Store) Rules(ctx context.Context, by access.Scope) ([]Rule, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	return s.rules(ctx)
}

func (s *Store) rules(ctx context.Context) ([]Rule, error) {
	rows, err := s.Layers.DB().Query(ctx, ruleSQL+` ORDER BY layer`)
	if err != nil {
		return nil, fmt.Errorf("read open rules: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Rule])
	if err != nil {
		return nil, fmt.Errorf("read open rules: %w", err)
	}
	return all, nil
}

func (s *Store) rule(ctx context.Context, layer string) (Rule, error) {
	rows, err := s.Layers.DB().Query(ctx, ruleSQL+` WHERE layer = $1`, layer)
	if err != nil {
		return Rule{}, fmt.Errorf("read open rule: %w", err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Rule])
	if errors.Is(err, pgx.ErrNoRows) {
		return Rule{}, fmt.Errorf("rule of layer %q: %w", layers.Short(layer), layers.ErrNotFound)
	}
	if err != nil {
		return Rule{}, fmt.Errorf("read open rule: %w", err)
	}
	return r, nil
}

// layer returns a layer that a rule may be made of by the caller: an
// administrator, or a data officer of its owner. To others it is as one that is
// not there.
func (s *Store) layer(ctx context.Context, by access.Scope, name string) (layers.Layer, error) {
	if err := by.Require(access.Administrator, access.DepartmentOfficer); err != nil {
		return layers.Layer{}, err
	}
	l, err := s.Layers.Layer(ctx, name)
	if err != nil {
		return l, err
	}
	if l.CopyOf != "" || !by.Has(access.Administrator) && (l.Owner == "" || by.Org().Code != l.Owner) {
		return l, fmt.Errorf("layer %q of yours: %w", layers.Short(name), layers.ErrNotFound)
	}
	return l, nil
}

// check says what is wrong with a rule for a layer.
func check(l layers.Layer, r Rule) error {
	bad := func(field, value, remedy string) error {
		return &layers.InputError{Field: field, Value: layers.Short(value), Remedy: remedy}
	}
	if err := layers.CheckText("licence", r.Licence, 300); err != nil {
		return err
	}
	if !l.Open || l.Share != layers.Unconditional {
		return bad("layer", l.Name, "a layer that is open and shared unconditionally")
	}
	if r.AsIs {
		if len(r.Fields) > 0 || r.CellM != 0 || r.SimplifyM != 0 || r.DelayHours != 0 || r.Floor > 1 {
			return bad("as_is", "true", "nothing else: the layer itself is shown with its public fields")
		}
		return nil
	}
	switch {
	case l.KFloor > 0:
		return bad("as_is", "false", "true: counts are shown as they were released for the public")
	case l.AskReason:
		return bad("layer", l.Name, "a layer that is not sensitive")
	case l.Owner == "":
		return bad("layer", l.Name, "a layer that somebody owns")
	case len(CopyPrefix+l.Name) > 48:
		return bad("layer", l.Name, "a name of at most 43 letters")
	case r.CellM != 0 && r.SimplifyM != 0:
		return bad("simplify_m", "", "either cells or simplified shapes")
	case r.CellM != 0 && (r.CellM < 10 || r.CellM > 100000):
		return bad("cell_m", fmt.Sprint(r.CellM), "10 to 100000 metres")
	case r.SimplifyM != 0 && (r.SimplifyM < 1 || r.SimplifyM > 100000):
		return bad("simplify_m", fmt.Sprint(r.SimplifyM), "1 to 100000 metres")
	case r.SimplifyM != 0 && (l.Geometry == "Point" || l.Geometry == "MultiPoint"):
		return bad("simplify_m", "", "cell_m, for points")
	case r.DelayHours < 0 || r.DelayHours > 87600:
		return bad("delay_hours", fmt.Sprint(r.DelayHours), "0 to 87600")
	case r.Floor < 0 || r.Floor > 1000 || r.Floor > 1 && r.CellM == 0:
		return bad("floor", fmt.Sprint(r.Floor), "1 to 1000 features in a cell; it needs cell_m")
	case r.RefreshHours < 0 || r.RefreshHours > 8784:
		return bad("refresh_hours", fmt.Sprint(r.RefreshHours), "1 to 8784")
	case len(r.Fields) == 0:
		return bad("fields", "", "at least one public field")
	}
	for i, name := range r.Fields {
		f, ok := l.Field(name)
		if !ok || f.Sensitivity != layers.Public || layers.ReservedField(name) || slices.Contains(r.Fields[:i], name) {
			return bad("fields", name, "public fields of the layer, each once; codes of grids and divisions would tell more than the place does")
		}
	}
	return nil
}

// Put makes or changes the rule of a layer. Until its copy is made, the layer
// is not shown. It returns [layers.InputError] for a rule that cannot be.
func (s *Store) Put(ctx context.Context, by access.Scope, r Rule) (Rule, error) {
	l, err := s.layer(ctx, by, r.Layer)
	if err != nil {
		return Rule{}, err
	}
	if err := check(l, r); err != nil {
		return Rule{}, err
	}
	r.Floor = max(r.Floor, 1)
	if r.RefreshHours == 0 {
		r.RefreshHours = 24
	}
	if r.Fields == nil {
		r.Fields = []string{}
	}
	p, _ := by.Person()
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO onemap.open_rule AS r (layer, as_is, fields, cell_m, simplify_m, delay_hours, floor, refresh_hours, licence, set_by)
			VALUES (@layer, @as_is, @fields, nullif(@cell::int, 0), nullif(@simplify::int, 0), @delay, @floor, @refresh, @licence, @by)
			ON CONFLICT (layer) DO UPDATE SET as_is = excluded.as_is, fields = excluded.fields, cell_m = excluded.cell_m, simplify_m = excluded.simplify_m,
			    delay_hours = excluded.delay_hours, floor = excluded.floor, refresh_hours = excluded.refresh_hours, licence = excluded.licence,
			    revision = r.revision + 1, failed = '', set_by = excluded.set_by, set_at = now()`,
			pgx.NamedArgs{"layer": r.Layer, "as_is": r.AsIs, "fields": r.Fields, "cell": r.CellM, "simplify": r.SimplifyM, "delay": r.DelayHours,
				"floor": r.Floor, "refresh": r.RefreshHours, "licence": strings.TrimSpace(r.Licence), "by": p.Login})
		if err != nil {
			return fmt.Errorf("put open rule: %w", err)
		}
		if err := unmake(ctx, tx, r.Layer); err != nil {
			return err
		}
		if !r.AsIs && s.Jobs != nil {
			if err := s.Jobs.InsertTx(ctx, tx, refreshJob{r.Layer}, nil); err != nil {
				return err
			}
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "open.rule", Object: "layer/" + r.Layer, Result: access.Done,
			Detail: map[string]any{"as_is": r.AsIs, "fields": r.Fields, "cell_m": r.CellM, "simplify_m": r.SimplifyM, "delay_hours": r.DelayHours, "floor": r.Floor}})
	})
	s.Layers.ForgetRegistry()
	if err != nil {
		return Rule{}, err
	}
	if !r.AsIs && s.Jobs == nil {
		if err := s.Refresh(ctx, r.Layer); err != nil {
			return Rule{}, err
		}
	}
	return s.rule(ctx, r.Layer)
}

// Drop takes a layer out of the portal, with its copy.
func (s *Store) Drop(ctx context.Context, by access.Scope, layer string) error {
	if _, err := s.layer(ctx, by, layer); err != nil {
		return err
	}
	defer s.Layers.ForgetRegistry()
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM onemap.open_rule WHERE layer = $1`, layer)
		if err != nil {
			return fmt.Errorf("drop open rule: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("rule of layer %q: %w", layers.Short(layer), layers.ErrNotFound)
		}
		if err := unmake(ctx, tx, layer); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "open.rule.drop", Object: "layer/" + layer, Result: access.Done})
	})
}
