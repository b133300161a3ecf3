package evaluate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A name of a row.
type name struct{ zh, en string }

// keys knows which row a group of facts belongs to, and what the rows are called.
type keys struct {
	names map[string]name
	// Of areas by division: the codes of the level, sorted; nil: the group is the key.
	codes []string
	orgs  map[string]access.Organisation
	grids map[string]int64 // unit grids of an area
	all   bool             // a row for each name, whether there are cases or not
}

// newKeys reads what a query's rows are. It sets the query's level and parent
// where they are left out.
func newKeys(ctx context.Context, tx pgx.Tx, v sight, q *Query) (*keys, error) {
	k := &keys{names: map[string]name{}, orgs: map[string]access.Organisation{}}
	if q.Subject != Area {
		return k, k.organisations(ctx, tx, *q)
	}
	if q.Parent != "" && len(q.Parent) > 40 {
		return nil, &layers.InputError{Field: "parent", Remedy: "the code of an area"}
	}
	if q.Level == "" {
		level, err := below(ctx, tx, *q, v)
		if err != nil {
			return nil, err
		}
		q.Level = level
	}
	if strings.HasPrefix(q.Level, "grid_") {
		return k, k.gridNames(ctx, tx, *q)
	}
	rows, err := tx.Query(ctx, `SELECT code, name_zh, name_en FROM onemap.area WHERE level = @level AND starts_with(code, @parent) ORDER BY code`,
		pgx.NamedArgs{"level": q.Level, "parent": q.Parent})
	if err != nil {
		return nil, err
	}
	var code string
	var n name
	_, err = pgx.ForEachRow(rows, []any{&code, &n.zh, &n.en}, func() error {
		if v.org.AreaCode == "" || strings.HasPrefix(code, v.org.AreaCode) || strings.HasPrefix(v.org.AreaCode, code) {
			k.names[code] = n
		}
		k.codes = append(k.codes, code)
		return nil
	})
	k.all = true
	if len(k.codes) == 0 { // a city without divisions of that level: each code of its own
		k.codes = nil
	}
	return k, err
}

// below is the level under a query's parent, or under the caller's own area.
func below(ctx context.Context, tx pgx.Tx, q Query, v sight) (string, error) {
	parent := q.Parent
	if parent == "" {
		parent = v.org.AreaCode
	}
	var level string
	err := tx.QueryRow(ctx, `SELECT coalesce(
		(SELECT CASE level WHEN 'province' THEN 'county' WHEN 'city' THEN 'county' WHEN 'county' THEN 'town' WHEN 'town' THEN 'community' ELSE 'grid_unit' END
		   FROM onemap.area WHERE code = @parent),
		(SELECT level FROM onemap.area WHERE level IN ('county', 'town', 'community') GROUP BY level
		  ORDER BY count(*) > 1 DESC, array_position('{county,town,community}', level) LIMIT 1), 'community')`,
		pgx.NamedArgs{"parent": parent}).Scan(&level)
	return level, err
}

func (k *keys) gridNames(ctx context.Context, tx pgx.Tx, q Query) error {
	rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT grid_code, CASE WHEN name = '' THEN grid_code ELSE name END FROM map.%s WHERE valid_to IS NULL AND starts_with(area_code, @parent)`,
		pgx.Identifier{q.Level}.Sanitize()), pgx.NamedArgs{"parent": q.Parent})
	if err != nil {
		return err
	}
	var code, called string
	_, err = pgx.ForEachRow(rows, []any{&code, &called}, func() error { k.names[code] = name{called, called}; return nil })
	return err
}

func (k *keys) organisations(ctx context.Context, tx pgx.Tx, q Query) error {
	rows, err := tx.Query(ctx, `SELECT code, coalesce(parent, ''), level, kind, area_code, name_zh, name_en, coalesce(uscc, '') FROM onemap.organisation`)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[access.Organisation])
	if err != nil {
		return err
	}
	for _, o := range all {
		k.orgs[o.Code] = o
		k.names[o.Code] = name{o.NameZH, o.NameEN}
	}
	if q.Subject == Post && q.ByPerson {
		k.names = map[string]name{}
		rows, err := tx.Query(ctx, `SELECT login, name FROM onemap.person`)
		if err != nil {
			return err
		}
		var login, called string
		_, err = pgx.ForEachRow(rows, []any{&login, &called}, func() error { k.names[login] = name{called, called}; return nil })
		return err
	}
	return nil
}

// under says whether an organisation is the parent that a query names, or below it.
func (k *keys) under(org, parent string) bool {
	if parent == "" {
		return true
	}
	for i := 0; i < 10 && org != ""; i++ {
		if org == parent {
			return true
		}
		org = k.orgs[org].Parent
	}
	return false
}

// of is the key of a group of facts: of a division's code the code of the
// level that it begins with, "" where there is none.
func (k *keys) of(group string) string {
	if k.codes == nil {
		return group
	}
	for n := len(group); n > 0; n-- {
		if _, ok := slices.BinarySearch(k.codes, group[:n]); ok {
			return group[:n]
		}
	}
	return ""
}

// countGrids counts the unit grids of each area, where the rules divide by them.
func (k *keys) countGrids(ctx context.Context, tx pgx.Tx, q Query, r Rules) error {
	if q.Subject != Area || !slices.ContainsFunc(r.Scores[Area], func(p Part) bool { return p.PerGrid }) {
		return nil
	}
	column := "area_code"
	switch q.Level {
	case "grid_unit":
		column = "grid_code"
	case "grid_duty":
		column = "duty_code"
	case "grid_community":
		column = "community_code"
	}
	rows, err := tx.Query(ctx, `SELECT `+column+`, count(*) FROM map.grid_unit WHERE valid_to IS NULL AND starts_with(area_code, @parent) GROUP BY 1`,
		pgx.NamedArgs{"parent": q.Parent})
	if err != nil {
		return err
	}
	k.grids = map[string]int64{}
	var group string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&group, &n}, func() error { k.grids[k.of(group)] += n; return nil })
	return err
}
