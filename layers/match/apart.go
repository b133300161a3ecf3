package match

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Conflict is an item on which two linked rows differ (一数一源).
type Conflict struct {
	Item      Item
	LeftKey   string
	RightKey  string
	LeftID    int64 // features
	RightID   int64
	LeftName  string
	Left      string // the values, as the caller may see them
	Right     string
	Mend      string // which layer should take over the other's value; "": the authority is not settled
	MendOwner string // its owner
	Since     time.Time
}

// Conflicts lists the conflicts of a plan whose rows and fields the caller
// sees on both sides, by item and key. item "" is all. Values are read now; a
// conflict that was mended since the last run is not shown.
func (s *Store) Conflicts(ctx context.Context, by access.Scope, plan, item string, offset, limit int) ([]Conflict, error) {
	sum, err := s.Get(ctx, by, plan)
	if err != nil {
		return nil, err
	}
	of, err := s.layersOf(ctx, by, sum.Plan)
	if err != nil {
		return nil, err
	}
	out := []Conflict{}
	for _, it := range sum.Items {
		if item != "" && it.Name != item || !seen(it.LeftField, of.leftRight) || !seen(it.RightField, of.rightRight) {
			continue
		}
		part, err := s.conflictsOf(ctx, sum.Plan, it, of, offset+limit)
		if err != nil {
			return nil, fmt.Errorf("conflicts of %s: %w", plan, err)
		}
		out = append(out, part...)
	}
	return out[min(offset, len(out)):min(offset+limit, len(out))], nil
}

func seen(field string, right access.Right) bool {
	return field == "geom" || slices.Contains(right.Fields, field)
}

func (s *Store) conflictsOf(ctx context.Context, p Plan, it Item, of pairOf, limit int) ([]Conflict, error) {
	args := layers.Args{p.Name, it.Name}
	left, err := valueSQL(of.left, of.leftRight, it.LeftField, p.Left.Names[0], &args)
	if err != nil {
		return nil, err
	}
	right, err := valueSQL(of.right, of.rightRight, it.RightField, p.Right.Names[0], &args)
	if err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT c.left_key, c.right_key, l.id, r.id, l.name, l.value, r.value, c.since
		FROM onemap.match_conflict c JOIN (`+left+`) l ON l.source_key = c.left_key JOIN (`+right+`) r ON r.source_key = c.right_key
		WHERE c.plan = $1 AND c.item = $2 ORDER BY c.left_key, c.right_key LIMIT `+args.Add(limit), args...)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Conflict, error) {
		c := Conflict{Item: it}
		err := row.Scan(&c.LeftKey, &c.RightKey, &c.LeftID, &c.RightID, &c.LeftName, &c.Left, &c.Right, &c.Since)
		switch it.Authority {
		case "left":
			c.Mend, c.MendOwner = of.right.Name, of.right.Owner
		case "right":
			c.Mend, c.MendOwner = of.left.Name, of.left.Owner
		}
		return c, err
	})
	// Areas in front of names do not make a conflict that the run did not see.
	return slices.DeleteFunc(all, func(c Conflict) bool { return !it.differ(c.Left, c.Right, nil) }), err
}

// valueSQL reads one field of the rows of a layer that the caller may see, as
// (source_key, id, name, value).
func valueSQL(l layers.Layer, right access.Right, field, name string, args *layers.Args) (string, error) {
	cond, err := l.SQL(right.Where, args)
	if err != nil {
		return "", err
	}
	value := `coalesce(f.` + pgx.Identifier{field}.Sanitize() + `::text, '')`
	if field == "geom" {
		value = `ST_X(ST_PointOnSurface(f.geom))::text || ' ' || ST_Y(ST_PointOnSurface(f.geom))::text`
	}
	title := `''`
	if slices.Contains(right.Fields, name) {
		title = `coalesce(f.` + pgx.Identifier{name}.Sanitize() + `::text, '')`
	}
	return `SELECT f.source_key, f.id, ` + title + ` AS name, ` + value + ` AS value FROM ` + pgx.Identifier{"map", l.Name}.Sanitize() + ` f WHERE (` + cond + `)`, nil
}
