package base

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/osm"
)

// assembleRelations writes the areas that relations make of ways.
func (x *extract) assembleRelations(ctx context.Context) error {
	for _, r := range x.relations {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := x.relationArea(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (x *extract) relationArea(ctx context.Context, r relation) error {
	rows, oldStyle := ofArea(r.tags), false
	if !hasArea(rows) {
		// Until 2016 the outer ways of a multipolygon carried its tags, and
		// the relation only "type". Extracts of that time are full of them.
		if rows = x.outerRows(r); rows == nil {
			return nil
		}
		oldStyle = true
	}
	var lines [][]location
	missing, leaps := 0, false
	for i, id := range r.ways {
		if !bounds(r.roles[i]) {
			continue
		}
		m := x.members[id]
		if !m.found || m.missing > 0 {
			missing++
		}
		for _, l := range m.lines {
			leaps = leaps || leaps180(l)
			lines = append(lines, l)
		}
	}
	a, err := assemble(lines)
	why := ""
	switch {
	case leaps:
		why = over180
	case err != nil && missing > 0:
		why = fmt.Sprintf("%v: %d of its %d ways are not whole in the file", err, missing, len(r.ways))
	case err != nil:
		why = err.Error()
	}
	for _, row := range rows {
		outcome, reason := rejected, why
		if why == "" && (a.open > 0 || missing > 0) {
			outcome, reason = repaired, incomplete(a.open, missing, len(r.ways))
			// Half a division is worse than none: what is not inside it would
			// be taken for outside.
			if row.layer == boundary {
				outcome = rejected
			}
		}
		if reason != "" {
			if err := x.stage.rejects.add(outcome, key('r', r.id, 0), row.layer, reason); err != nil {
				return err
			}
			if outcome == rejected {
				continue
			}
		}
		f := feature{id: r.id*4 + 3, key: key('r', r.id, 0), row: row, geom: a.area}
		if err := x.stage.add(ctx, f); err != nil {
			return err
		}
		x.speakFor(r, row, oldStyle)
	}
	return nil
}

// incomplete says what an area lacks.
func incomplete(open, missing, ways int) string {
	switch {
	case missing == 0:
		return fmt.Sprintf("%d segments are on no closed ring and were left out", open)
	case open == 0:
		return fmt.Sprintf("what is there closes, but %d of its %d ways are not whole in the file", missing, ways)
	}
	return fmt.Sprintf("%d segments are on no closed ring and were left out: %d of its %d ways are not whole in the file", open, missing, ways)
}

// bounds says whether a member of that role bounds the relation's area. Roles
// tell outer from inner wrongly too often to be trusted for more.
func bounds(role string) bool {
	switch role {
	case "label", "admin_centre", "admin_center", "subarea", "entrance", "address", "house", "street", "part":
		return false
	}
	return true
}

// hasArea says whether one of the rows needs an area, not only a point in it.
func hasArea(rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.layer != poi && r.layer != address })
}

// sayNothing says whether a tag of a relation leaves open what it is. Any other
// makes it a thing of its own, though perhaps none of the base library.
func sayNothing(key string) bool {
	switch key {
	case "type", "name", "area", "role":
		return true
	}
	return notKept[key]
}

// outerRows is what the outer ways of an old-style multipolygon say it is;
// nil where they say nothing, or not the same.
func (x *extract) outerRows(r relation) []row {
	if r.tags.Find("type") != "multipolygon" || slices.ContainsFunc(r.tags, func(t osm.Tag) bool { return !sayNothing(t.Key) }) {
		return nil
	}
	var rows []row
	for i, id := range r.ways {
		m := x.members[id]
		if role := r.roles[i]; role != "outer" && role != "" || !hasArea(m.rows) {
			continue
		}
		if rows == nil {
			rows = m.rows
		} else if !slices.EqualFunc(rows, m.rows, func(a, b row) bool { return a.layer == b.layer && a.class == b.class }) {
			return nil // areas of their own that somebody put into one relation
		}
	}
	return rows
}

// speakFor remembers for which ways a relation has spoken: an outer way that
// says the same again is no second area, nor is, in the old style, a hole that
// carries its surroundings' tags.
func (x *extract) speakFor(r relation, row row, oldStyle bool) {
	for i, id := range r.ways {
		inner := r.roles[i] == "inner"
		if inner && !oldStyle || !bounds(r.roles[i]) {
			continue
		}
		m := x.members[id]
		if m.spoken == nil {
			m.spoken = map[string]bool{}
		}
		m.spoken[row.layer+" "+row.class] = true
		if row.layer == building && !inner { // building=yes below building=commercial is the same building
			m.spoken[building] = true
		}
	}
}

// unspoken writes the areas of members for which no relation has spoken.
func (x *extract) unspoken(ctx context.Context) error {
	ids := make([]int64, 0, len(x.members))
	for id, m := range x.members {
		if len(m.rows) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, cmp.Compare[int64])
	for _, id := range ids {
		m := x.members[id]
		rows := slices.DeleteFunc(slices.Clone(m.rows), func(r row) bool { return m.spoken[r.layer+" "+r.class] || m.spoken[r.layer] })
		// An open way that is part of a relation is no area that broke.
		if len(rows) == 0 || !m.closed {
			continue
		}
		if err := x.wayArea(ctx, id, rows, m.lines, m.closed, m.missing); err != nil {
			return err
		}
	}
	return nil
}
