package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// assetFields are those of a row of [PackAssets], but for id, lon and lat.
var assetFields = []string{"code", "class_standard", "class_code", "name", "dept_code", "state", "grid_code"}

// ownAssets is the condition on the assets in the caller's grids that they may
// see; "" where there are none. What they may not see of them is empty.
func (s *Store) ownAssets(ctx context.Context, v sight, a *layers.Args) (cond string, columns []string, err error) {
	l, err := s.Layers.Layer(ctx, "asset")
	if err != nil {
		return "", nil, err
	}
	right, ok := v.scope.Layer(l)
	cells := v.scope.Cells()
	if !ok || len(cells) == 0 {
		return "", nil, nil
	}
	cond, err = l.SQL(where.And(right.Where, where.In{Field: "grid_code", Values: cells}), a)
	cond = "(" + cond + ")"
	for _, f := range assetFields {
		column := "''"
		if slices.Contains(right.Fields, f) {
			column = "coalesce(f." + f + "::text, '')"
		}
		columns = append(columns, column)
	}
	return cond, columns, err
}

func (s *Store) countAssets(ctx context.Context, v sight) (n int, err error) {
	var a layers.Args
	cond, _, err := s.ownAssets(ctx, v, &a)
	if err != nil || cond == "" {
		return 0, err
	}
	if err := s.Layers.DB().QueryRow(ctx, `SELECT count(*) FROM map.asset f WHERE f.state <> 'removed' AND `+cond, a...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count assets: %w", err)
	}
	return n, nil
}

// Assets returns up to limit assets in the caller's grids with larger ids than
// after, by id: what a phone keeps to pick one without signal.
func (s *Store) Assets(ctx context.Context, scope access.Scope, after int64, limit int) (PackAssets, error) {
	out := PackAssets{Fields: append([]string{"id", "lon", "lat"}, assetFields...), Rows: [][]any{}}
	v, err := s.sight(scope)
	if err != nil {
		return out, err
	}
	var a layers.Args
	cond, columns, err := s.ownAssets(ctx, v, &a)
	if err != nil || cond == "" {
		return out, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT f.id, ST_X(f.geom), ST_Y(f.geom), `+strings.Join(columns, ", ")+` FROM map.asset f
		WHERE f.id > `+a.Add(after)+` AND f.state <> 'removed' AND `+cond+` ORDER BY f.id LIMIT `+a.Add(limit+1), a...)
	if err != nil {
		return out, fmt.Errorf("own assets: %w", err)
	}
	out.Rows, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) {
		values, err := r.Values()
		for i, v := range values {
			if f, ok := v.(float64); ok {
				values[i] = math.Round(f*1e6) / 1e6 // a decimetre
			}
		}
		return values, err
	})
	if err != nil {
		return out, fmt.Errorf("own assets: %w", err)
	}
	if len(out.Rows) > limit {
		out.Rows = out.Rows[:limit]
		out.Next, _ = out.Rows[limit-1][0].(int64)
	}
	return out, nil
}

// AssetByCode returns the asset with that code, if there is one that the
// caller may see, with the class of the matters that are about its kind: in
// GB/T 47678.5-2026 the two have the same code.
func (s *Store) AssetByCode(ctx context.Context, scope access.Scope, code string) ([]Asset, error) {
	if err := layers.CheckText("query.code", code, 40); err != nil {
		return nil, err
	}
	l, err := s.Layers.Layer(ctx, "asset")
	if err != nil {
		return nil, err
	}
	right, ok := scope.Layer(l)
	if !ok {
		return nil, nil
	}
	var a layers.Args
	may, err := l.SQL(right.Where, &a)
	if err != nil {
		return nil, err
	}
	var f Asset
	err = s.Layers.DB().QueryRow(ctx, `SELECT f.id, f.code, f.name, f.class_standard, f.class_code, coalesce(c.name_zh, ''), coalesce(c.name_en, ''),
			coalesce(m.code, ''), coalesce(m.name_zh, ''), coalesce(m.name_en, ''), f.dept_code, coalesce(o.name_zh, ''), coalesce(o.name_en, ''), f.state, ST_X(f.geom), ST_Y(f.geom), f.grid_code
		FROM map.asset f
		LEFT JOIN onemap.class c ON c.standard = f.class_standard AND c.kind = 'component' AND c.code = f.class_code
		LEFT JOIN onemap.class m ON m.standard = f.class_standard AND m.kind = 'matter' AND m.code = f.class_code AND m.standard = 'GB/T 47678.5-2026'
		LEFT JOIN onemap.organisation o ON o.code = f.dept_code
		WHERE f.code = `+a.Add(strings.TrimSpace(code))+` AND (`+may+`)`, a...).
		Scan(&f.ID, &f.Code, &f.Name, &f.Standard, &f.Class, &f.ClassZH, &f.ClassEN, &f.Matter, &f.MatterZH, &f.MatterEN, &f.Dept, &f.DeptZH, &f.DeptEN, &f.State, &f.Lon, &f.Lat, &f.Grid)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asset by code: %w", err)
	}
	for field, empty := range map[string]func(){"name": func() { f.Name = "" }, "state": func() { f.State = "" }, "dept_code": func() { f.Dept, f.DeptZH, f.DeptEN = "", "", "" },
		"class_code": func() { f.Class, f.ClassZH, f.ClassEN, f.Matter, f.MatterZH, f.MatterEN = "", "", "", "", "", "" }} {
		if !slices.Contains(right.Fields, field) {
			empty()
		}
	}
	return []Asset{f}, nil
}
