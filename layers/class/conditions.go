package class

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/worktime"
)

// A LimitBody is a limit as the API has it.
type LimitBody struct {
	N    int           `json:"n" minimum:"0" maximum:"87840"`
	Unit worktime.Unit `json:"unit" enum:"urgent_hour,working_hour,working_day,natural_day" doc:"紧急工作时, 工作时, 工作日, 自然日"`
}

// A Filing is a filing condition (立案条件) as it is kept and changed.
type Filing struct {
	Code     string               `json:"code" maxLength:"24" doc:"Of the condition, within its class"`
	Position int                  `json:"position" minimum:"0" maximum:"999" doc:"The first in use is taken where nobody chooses"`
	TextZH   string               `json:"text_zh" maxLength:"500"`
	TextEN   string               `json:"text_en,omitempty" maxLength:"500"`
	CloseZH  string               `json:"close_zh,omitempty" maxLength:"500" doc:"When it is done (结案标准)"`
	Limit    LimitBody            `json:"limit" doc:"How long handling may take"`
	Limits   map[string]LimitBody `json:"limits,omitempty" doc:"Where an area class A, B or C has its own"`
	Original string               `json:"original,omitempty" maxLength:"200" doc:"The limit in the words of its source"`
	Active   bool                 `json:"active" doc:"New cases may be filed under it"`
	Default  bool                 `json:"default" readOnly:"true" doc:"Ours, as installed: to be set by the city"`
}

var conditionCode = regexp.MustCompile(`^[0-9A-Za-z._-]{1,24}$`)

// check finds the first thing wrong with a condition.
func (f Filing) check() error {
	if !conditionCode.MatchString(f.Code) {
		return &layers.InputError{Field: "code", Value: short(f.Code, 40), Remedy: "1 to 24 letters, digits, points, hyphens and underscores"}
	}
	if err := checkName("text_zh", f.TextZH, 500); err != nil {
		return err
	}
	for _, t := range []struct {
		field, text string
		most        int
	}{{"text_en", f.TextEN, 500}, {"close_zh", f.CloseZH, 500}, {"original", f.Original, 200}} {
		if err := checkText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if f.Position < 0 || f.Position > 999 {
		return &layers.InputError{Field: "position", Value: fmt.Sprint(f.Position), Remedy: "0 to 999"}
	}
	if err := f.Limit.check("limit"); err != nil {
		return err
	}
	for area, l := range f.Limits {
		if area != "A" && area != "B" && area != "C" {
			return &layers.InputError{Field: "limits", Value: short(area, 20), Remedy: "the area classes A, B and C"}
		}
		if err := l.check("limits." + area); err != nil {
			return err
		}
	}
	return nil
}

func (l LimitBody) check(field string) error {
	if err := (worktime.Limit{N: l.N, Unit: l.Unit}).Check(); err != nil {
		return &layers.InputError{Field: field, Value: short(fmt.Sprint(l.N, " ", l.Unit), 40),
			Remedy: fmt.Sprintf("0 to %d of urgent_hour (紧急工作时), working_hour (工作时), working_day (工作日) or natural_day (自然日)", worktime.MaxN)}
	}
	return nil
}

const filingSQL = `SELECT code, position, text_zh, text_en, close_zh, limit_n, limit_unit, limits, original, active, made_by = 'default' FROM onemap.class_condition
	WHERE (standard, kind, class) = (@standard, @kind, @code)`

func scanFiling(row pgx.CollectableRow) (Filing, error) {
	var f Filing
	var limits []byte
	err := row.Scan(&f.Code, &f.Position, &f.TextZH, &f.TextEN, &f.CloseZH, &f.Limit.N, &f.Limit.Unit, &limits, &f.Original, &f.Active, &f.Default)
	if err != nil {
		return f, err
	}
	f.Limits, err = limitsOf(limits)
	return f, err
}

func limitsOf(text []byte) (map[string]LimitBody, error) {
	own, err := parseLimits(text)
	if err != nil || len(own) == 0 {
		return nil, err
	}
	out := map[string]LimitBody{}
	for area, l := range own {
		out[area] = LimitBody{l.N, l.Unit}
	}
	return out, nil
}

// Filings returns the filing conditions of a class, in use or not, in their order.
func (s *Store) Filings(ctx context.Context, db Reader, k Key) ([]Filing, error) {
	rows, err := db.Query(ctx, filingSQL+` ORDER BY active DESC, position, code`, args(k))
	if err != nil {
		return nil, fmt.Errorf("conditions of %s: %w", k, err)
	}
	all, err := pgx.CollectRows(rows, scanFiling)
	if err != nil {
		return nil, fmt.Errorf("conditions of %s: %w", k, err)
	}
	return all, nil
}

// PutFiling makes or changes a condition of a matter's class. Cases that were
// filed under it keep the limit that they have.
func (s *Store) PutFiling(ctx context.Context, by access.Scope, k Key, f Filing, reason, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	if err := checkText("reason", reason, 500); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		_, err := putFiling(ctx, tx, by, k, f, reason, address)
		return err
	})
	if err != nil {
		return access.Wrap("condition of "+k.String(), err)
	}
	return nil
}

// putFiling writes a condition and remembers it; false where it is so already.
func putFiling(ctx context.Context, tx pgx.Tx, by access.Scope, k Key, f Filing, reason, address string) (bool, error) {
	if err := f.check(); err != nil {
		return false, err
	}
	if k.Kind != Matter {
		return false, &layers.InputError{Field: "kind", Value: short(k.Kind, 20), Remedy: "matter: components are not filed, the matter of a component's defect is"}
	}
	// Two who write the same condition take turns, by the row of its class.
	var there bool
	err := tx.QueryRow(ctx, `SELECT true FROM onemap.class WHERE (standard, kind, code) = (@standard, @kind, @code) FOR NO KEY UPDATE`, args(k)).Scan(&there)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, fmt.Errorf("class %s: %w", k, layers.ErrNotFound)
	}
	if err != nil {
		return false, err
	}
	n := args(k)
	n["condition"] = f.Code
	rows, err := tx.Query(ctx, filingSQL+` AND code = @condition`, n)
	if err != nil {
		return false, err
	}
	had, err := pgx.CollectRows(rows, scanFiling)
	if err != nil {
		return false, err
	}
	var before any
	if len(had) > 0 {
		f.Default = had[0].Default
		if same(had[0], f) {
			return false, nil
		}
		before = had[0]
	}
	f.Default = false
	who, _ := by.Person()
	limits := map[string][2]any{}
	for area, l := range f.Limits {
		limits[area] = [2]any{l.N, l.Unit}
	}
	n["position"], n["zh"], n["en"], n["close"], n["n"], n["unit"], n["limits"], n["original"], n["active"], n["by"] =
		f.Position, f.TextZH, f.TextEN, f.CloseZH, f.Limit.N, f.Limit.Unit, limits, f.Original, f.Active, who.Login
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.class_condition (standard, kind, class, code, position, text_zh, text_en, close_zh, limit_n, limit_unit, limits, original, active, made_by)
		VALUES (@standard, @kind, @code, @condition, @position, @zh, @en, @close, @n, @unit, @limits, @original, @active, @by)
		ON CONFLICT (standard, kind, class, code) DO UPDATE SET position = excluded.position, text_zh = excluded.text_zh, text_en = excluded.text_en, close_zh = excluded.close_zh,
		    limit_n = excluded.limit_n, limit_unit = excluded.limit_unit, limits = excluded.limits, original = excluded.original, active = excluded.active, made_by = excluded.made_by`, n); err != nil {
		return false, err
	}
	return true, remember(ctx, tx, by, address, ofCondition, k, f.Code, before, f, reason)
}

// same says whether two conditions are.
func same(a, b Filing) bool {
	if len(a.Limits) != len(b.Limits) {
		return false
	}
	for area, l := range a.Limits {
		if b.Limits[area] != l {
			return false
		}
	}
	a.Limits, b.Limits = nil, nil
	x, _ := json.Marshal(a) // of plain values: cannot fail
	y, _ := json.Marshal(b)
	return slices.Equal(x, y)
}

func (s *Store) restoreCondition(ctx context.Context, tx pgx.Tx, by access.Scope, k Key, c Revision, reason, address string) error {
	text := c.Before
	if text == nil { // it was new: cases may be of it, so it goes out of use
		text = c.After
	}
	var f Filing
	if err := json.Unmarshal(text, &f); err != nil {
		return fmt.Errorf("change %d: %w", c.ID, err)
	}
	f.Active = f.Active && c.Before != nil
	_, err := putFiling(ctx, tx, by, k, f, reason, address)
	return err
}
