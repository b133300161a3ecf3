package access_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// sample is a row of a point layer.
type sample struct {
	fields map[string]any
	at     orb.Point
}

func (r sample) holds(c where.Cond) bool {
	return where.Match(c, func(f string) any { return r.fields[f] }, where.At{G: r.at})
}

// squares makes two towns of one degree side by side, each with four unit
// grids (u1..u4 west of u5..u8), two responsibility grids and a community:
//
//	29.0..30.0   west: 120..121   east: 121..122
func (c *city) squares(t *testing.T) {
	t.Helper()
	c.exec(t, `INSERT INTO onemap.area (code, parent, level, name_zh, name_en, geom) VALUES
		('330799', NULL, 'county', '市', 'City', ST_Multi(ST_MakeEnvelope(120, 29, 122, 30, 4326))),
		('330799002', '330799', 'town', '西镇', 'West', ST_Multi(ST_MakeEnvelope(120, 29, 121, 30, 4326))),
		('330799001', '330799', 'town', '东镇', 'East', ST_Multi(ST_MakeEnvelope(121, 29, 122, 30, 4326)))`)
	c.exec(t, `INSERT INTO map.grid_unit (grid_code, area_code, duty_code, community_code, geom)
		SELECT 'u' || i + 1, CASE WHEN i < 4 THEN '330799002' ELSE '330799001' END, 'd' || i / 2 + 1, 'c' || i / 4 + 1,
		       ST_Multi(ST_MakeEnvelope(120 + i * 0.25, 29, 120.25 + i * 0.25, 30, 4326)) FROM generate_series(0, 7) i`)
	c.exec(t, `INSERT INTO map.grid_duty (grid_code, area_code, community_code, geom)
		SELECT 'd' || i + 1, CASE WHEN i < 2 THEN '330799002' ELSE '330799001' END, 'c' || i / 2 + 1,
		       ST_Multi(ST_MakeEnvelope(120 + i * 0.5, 29, 120.5 + i * 0.5, 30, 4326)) FROM generate_series(0, 3) i`)
	must(t, c.dir.Load(t.Context()))
}

// rowAt is a row with the codes that map.grid_at gives it in squares.
func rowAt(p orb.Point, dept any) sample {
	i := int((p[0] - 120) / 0.25)
	i = min(max(i, 0), 7)
	town := "330799002"
	if i >= 4 {
		town = "330799001"
	}
	return sample{map[string]any{"grid_code": fmt.Sprintf("u%d", i+1), "area_code": town, "dept_code": dept, "name": "x"}, p}
}

func (c *city) everyone(t *testing.T) []access.Scope {
	t.Helper()
	var out []access.Scope
	n := 0
	add := func(org string, grids []string, roles ...access.Role) {
		n++
		out = append(out, c.person(t, fmt.Sprintf("p%d", n), org, grids, roles...))
	}
	for _, org := range []string{"gov", "east", "west", "centre", "urban", "urban-east", "police"} {
		add(org, nil)
		add(org, nil, access.DepartmentOfficer)
		add(org, nil, access.CommandCentre)
		add(org, []string{"u1"}, access.GridWorker)
	}
	add("east", []string{"d3"}, access.GridWorker)
	add("east", []string{"u5", "u6"}, access.GridWorker)
	add("east", []string{"c2"}, access.GridWorker)
	add("west", []string{"c1"}, access.GridWorker)
	return append(out, access.Scope{}, operator)
}

func (c *city) someLayers(t *testing.T) []layers.Layer {
	t.Helper()
	open := testLayer("open", layers.Unconditional, "gov")
	open.Open, open.Published = true, true
	ls := []layers.Layer{open, testLayer("mine", layers.Conditional, "urban"), testLayer("granted", layers.Conditional, "urban"), testLayer("secret", layers.NotShared, "police")}
	for _, l := range ls {
		c.exec(t, `INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry) VALUES ($1, 'x', 'x', 'other', 'Point')`, l.Name)
	}
	c.exec(t, `INSERT INTO onemap.layer_grant (layer, org, fields, area_code, reason, granted_by) VALUES
		('granted', 'centre', NULL, '', 'test', 'test'), ('granted', 'gov', NULL, '', 'test', 'test'),
		('granted', 'police', '{name}', '330799001', 'test', 'test'), ('granted', 'police', '{name,state}', '330799002', 'test', 'test')`)
	c.exec(t, `INSERT INTO onemap.layer_grant (layer, org, fields, grids, reason, granted_by) VALUES
		('mine', 'police', '{name,state}', '{d2,u7}', 'test', 'test'), ('mine', 'west', NULL, '{c1}', 'test', 'test')`)
	must(t, c.dir.Load(t.Context()))
	return ls
}

// sees returns the names of the fields that a right shows of a row; nil if none
// of the row.
func sees(r access.Right, row sample) []string {
	if !row.holds(r.Where) {
		return nil
	}
	fields := append([]string{}, r.Fields...)
	for _, m := range r.More {
		if row.holds(m.Where) {
			fields = append(fields, m.Fields...)
		}
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// Who has equal rights shares a cache, who has different ones never does:
// equal fingerprints mean that every row shows the same, and where two rights
// differ on a row, their fingerprints differ. At a box as everywhere.
func TestFingerprint(t *testing.T) {
	c := newCity(t)
	c.squares(t)
	scopes, ls := c.everyone(t), c.someLayers(t)
	for i, s := range scopes { // made before the grants
		if p, ok := s.Person(); ok && p.ID != 0 {
			scopes[i] = c.scopeNow(t, p.ID)
		}
	}
	shared := 0
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SampledFrom(scopes).Draw(t, "a"), rapid.SampledFrom(scopes).Draw(t, "b")
		l := rapid.SampledFrom(ls).Draw(t, "layer")
		ra, okA := a.Layer(l)
		rb, okB := b.Layer(l)
		if !okA || !okB {
			return
		}
		box := orb.Bound{Min: orb.Point{119, 28}, Max: orb.Point{123, 31}}
		if rapid.Bool().Draw(t, "in a box") {
			x, y := rapid.Float64Range(120, 121.9).Draw(t, "x"), rapid.Float64Range(29, 29.9).Draw(t, "y")
			size := rapid.SampledFrom([]float64{0.001, 0.05, 0.3, 1}).Draw(t, "size")
			box = orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + size, y + size}}
			ra, rb = ra.At(box, l), rb.At(box, l)
		}
		same := ra.Fingerprint() == rb.Fingerprint()
		for range 8 {
			p := orb.Point{rapid.Float64Range(max(box.Min[0], 120), min(box.Max[0], 122)).Draw(t, "px"), rapid.Float64Range(max(box.Min[1], 29), min(box.Max[1], 30)).Draw(t, "py")}
			row := rowAt(p, rapid.SampledFrom([]any{"", "urban", "urban-east", "police"}).Draw(t, "dept"))
			if same && !slices.Equal(sees(ra, row), sees(rb, row)) {
				t.Fatalf("one fingerprint, and of %v one sees %v, the other %v", row, sees(ra, row), sees(rb, row))
			}
		}
		if same {
			shared++
		}
	})
	if shared == 0 {
		t.Error("nobody shares a fingerprint")
	}
}

// At means the same as the right it reduces, for every row in the box.
func TestAtKeepsTheRight(t *testing.T) {
	c := newCity(t)
	c.squares(t)
	scopes, ls := c.everyone(t), c.someLayers(t)
	for i, s := range scopes {
		if p, ok := s.Person(); ok && p.ID != 0 {
			scopes[i] = c.scopeNow(t, p.ID)
		}
	}
	reduced := 0
	rapid.Check(t, func(t *rapid.T) {
		s, l := rapid.SampledFrom(scopes).Draw(t, "scope"), rapid.SampledFrom(ls).Draw(t, "layer")
		r, ok := s.Layer(l)
		if !ok {
			return
		}
		x, y := rapid.Float64Range(119.9, 122).Draw(t, "x"), rapid.Float64Range(28.9, 30).Draw(t, "y")
		size := rapid.SampledFrom([]float64{0, 0.001, 0.05, 0.3, 1}).Draw(t, "size")
		box := orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + size, y + size}}
		at := r.At(box, l)
		if at.Fingerprint() != r.Fingerprint() {
			reduced++
		}
		px, py := rapid.Float64Range(box.Min[0], box.Max[0]).Draw(t, "px"), rapid.Float64Range(box.Min[1], box.Max[1]).Draw(t, "py")
		if px < 120 || px > 122 || py < 29 || py > 30 {
			return // no grid, so no such row
		}
		row := rowAt(orb.Point{px, py}, rapid.SampledFrom([]any{"", "urban", "police"}).Draw(t, "dept"))
		if want, got := sees(r, row), sees(at, row); !slices.Equal(want, got) {
			t.Fatalf("%v in %v: sees %v, at the box %v\n%s\n%s", row, box, want, got, where.Canon(r.Where), where.Canon(at.Where))
		}
	})
	if reduced == 0 {
		t.Error("no right was ever reduced")
	}
}

func TestAt(t *testing.T) {
	c := newCity(t)
	c.squares(t)
	ls := c.someLayers(t)
	granted := ls[2]
	east := c.person(t, "east", "east", nil, access.DepartmentOfficer)
	centre := c.person(t, "centre", "centre", nil, access.CommandCentre)
	worker := c.person(t, "worker", "east", []string{"d3"}, access.GridWorker)
	right := func(s access.Scope, l layers.Layer) access.Right {
		t.Helper()
		r, ok := s.Layer(l)
		if !ok {
			t.Fatal("not visible")
		}
		return r
	}
	box := func(x0, x1 float64) orb.Bound { return orb.Bound{Min: orb.Point{x0, 29.1}, Max: orb.Point{x1, 29.2}} }
	for _, tt := range []struct {
		name string
		s    access.Scope
		box  orb.Bound
		want string
	}{
		{"inside the town", east, box(121.1, 121.2), "all"},
		{"in the other town", east, box(120.1, 120.2), "(none)"},
		{"across the border", east, box(120.9, 121.1), "area 330799001"},
		{"on the border", east, box(121, 121.1), "area 330799001"},
		{"beyond the city", east, box(121.9, 122.1), "area 330799001"},
		{"far away", east, box(100, 101), "(none)"},
		{"the city's officer in the town", centre, box(121.1, 121.2), "all"},
		{"across towns of the city", centre, box(120.9, 121.1), "all"},
		{"a worker in her grids", worker, box(121.1, 121.2), "grid d3,u5,u6"},
		{"a worker beside her grids", worker, box(121.6, 121.7), "(none)"},
		{"a worker at the edge of her grids", worker, box(121.5, 121.6), "grid d3,u5,u6"},
	} {
		got := rowsOf(right(tt.s, granted).At(tt.box, granted).Where)
		if got == "none" {
			got = "(none)"
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	in := box(121.1, 121.2)
	if a, b := right(east, granted).At(in, granted).Fingerprint(), right(centre, granted).At(in, granted).Fingerprint(); a != b {
		t.Error("inside the town, the town's and the city's tiles are not shared")
	}
	if a, b := right(east, granted).Fingerprint(), right(centre, granted).Fingerprint(); a == b {
		t.Error("the town's and the city's rights have one fingerprint")
	}
	line := granted
	line.Geometry = "LineString"
	if got := rowsOf(right(east, line).At(in, line).Where); got != "area 330799001" {
		t.Errorf("a line layer was reduced to %s", got)
	}
	// A filter joined to the right stays, and counts.
	police := where.Eq{Field: "dept_code", Value: "police"}
	r := right(east, granted).And(police).At(in, granted)
	if got := rowsOf(r.Where); got != "dept police" {
		t.Errorf("with a filter: %s", got)
	}
	if r.Fingerprint() == right(east, granted).At(in, granted).Fingerprint() {
		t.Error("the filter does not count")
	}
	// Two layers with equal conditions are two answers.
	if a, b := right(centre, ls[0]), right(operator, ls[2]); a.Fingerprint() == b.Fingerprint() {
		t.Error("two layers have one fingerprint")
	}
	if (access.Right{}).Fingerprint() == (access.Right{Where: where.True}).Fingerprint() {
		t.Error("nothing and everything have one fingerprint")
	}
}
