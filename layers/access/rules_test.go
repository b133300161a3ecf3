package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// testLayer has a field of each sensitivity.
func testLayer(name, share, owner string) layers.Layer {
	return layers.Layer{Name: name, Subject: "emergency", Geometry: "Point", Share: share, Owner: owner, DeptField: "dept_code", Fields: []layers.Field{
		{Name: "grid_code", Sensitivity: layers.Public}, {Name: "name", Sensitivity: layers.Public},
		{Name: "state", Sensitivity: layers.Internal}, {Name: "dept_code", Sensitivity: layers.Internal},
		{Name: "contact", Sensitivity: layers.Sensitive}, {Name: "area_code", Sensitivity: layers.Public},
	}}
}

// counted is a layer of counts, with releases or without.
func counted(name, share, owner string, released bool) layers.Layer {
	l := testLayer(name, share, owner)
	l.KFloor = 10
	if released {
		l.Fields = append(l.Fields, layers.Field{Name: layers.AudienceField, Sensitivity: layers.Public})
	}
	return l
}

// describe writes a right as "rows: fields", fields by the first letter of
// their sensitivity: p, pi, pis, or by name where a grant cut them.
func describe(r access.Right, visible bool) string {
	if !visible {
		return "404"
	}
	text := rowsOf(r.Where) + ": " + fieldsOf(r.Fields)
	for _, m := range r.More {
		text += " + " + rowsOf(m.Where) + ": " + fieldsOf(m.Fields)
	}
	return text
}

func rowsOf(c where.Cond) string {
	switch c := c.(type) {
	case where.Prefix:
		return "area " + c.Prefix
	case where.Eq:
		return fmt.Sprintf("%s %s", strings.TrimSuffix(c.Field, "_code"), c.Value)
	case where.In:
		return strings.TrimSuffix(c.Field, "_code") + " " + strings.Join(c.Values, ",")
	case where.All:
		if len(c) == 0 {
			return "all"
		}
		return join([]where.Cond(c), " & ")
	case where.Any:
		if len(c) == 0 {
			return "none"
		}
		return "(" + join([]where.Cond(c), " | ") + ")"
	}
	return where.Canon(c)
}

func join(cs []where.Cond, op string) string {
	texts := make([]string, len(cs))
	for i, c := range cs {
		texts[i] = rowsOf(c)
	}
	return strings.Join(texts, op)
}

func fieldsOf(names []string) string {
	switch all := strings.TrimSuffix(strings.Join(names, " "), " audience"); all {
	case "":
		return "nothing"
	case "grid_code name area_code":
		return "p"
	case "grid_code name state dept_code area_code":
		return "pi"
	case "grid_code name state dept_code contact area_code":
		return "pis"
	default:
		return all
	}
}

// The rule table of rules.go, walked: role x organisation x share type x
// ownership x grants. What is wrong here is wrong everywhere.
func TestRules(t *testing.T) {
	c := newCity(t)
	c.exec(t, `INSERT INTO map.grid_unit (grid_code, area_code, duty_code, geom) VALUES
		('u1', '330799001', 'd1', ST_Multi(ST_MakeEnvelope(120, 29, 120.01, 29.01, 4326))),
		('u2', '330799001', 'd1', ST_Multi(ST_MakeEnvelope(120.01, 29, 120.02, 29.01, 4326)))`)
	people := []struct {
		name  string
		scope access.Scope
	}{
		{"public", access.Scope{}},
		{"no role, city", c.person(t, "p1", "gov", nil)},
		{"administrator, city", c.person(t, "p2", "gov", nil, access.Administrator)},
		{"auditor, centre", c.person(t, "p3", "centre", nil, access.Auditor)},
		{"command, centre", c.person(t, "p4", "centre", nil, access.CommandCentre)},
		{"planner, centre", c.person(t, "p5", "centre", nil, access.Planner)},
		{"officer, urban", c.person(t, "p6", "urban", nil, access.DepartmentOfficer)},
		{"administrator, urban", c.person(t, "p7", "urban", nil, access.Administrator)},
		{"officer, urban-east", c.person(t, "p8", "urban-east", nil, access.DepartmentOfficer)},
		{"officer, police", c.person(t, "p9", "police", nil, access.DepartmentOfficer)},
		{"officer, east", c.person(t, "p10", "east", nil, access.DepartmentOfficer)},
		{"worker, east", c.person(t, "p11", "east", []string{"d1", "x9"}, access.GridWorker)},
		{"worker, no grids", c.person(t, "p12", "east", nil, access.GridWorker)},
		{"worker+officer, east", c.person(t, "p13", "east", []string{"d1"}, access.GridWorker, access.DepartmentOfficer)},
		{"worker, urban", c.person(t, "p14", "urban", []string{"u1"}, access.GridWorker)},
		{"operator", operator},
	}
	open := testLayer("open", layers.Unconditional, "gov")
	open.Open, open.Published = true, true
	openConditional := testLayer("wrong", layers.Conditional, "") // the table forbids it
	openConditional.Open, openConditional.Published = true, true
	openCounted := counted("open_counted", layers.Unconditional, "urban", true)
	openCounted.Open, openCounted.Published = true, true
	base := testLayer("base", layers.Unconditional, "urban")
	base.Subject = "base"
	for _, tt := range []struct {
		layer  layers.Layer
		grants []access.Grant
		want   string
	}{
		{open, nil, `
			public                all: p
			no role, city         all: pi
			administrator, city   all: pi
			auditor, centre       all: pi
			command, centre       all: pi
			planner, centre       all: pi
			officer, urban        all: pi
			administrator, urban  all: pi
			officer, urban-east   all: pi
			officer, police       all: pi
			officer, east         all: pi + area 330799001: contact
			worker, east          grid d1,u1,u2,x9: pi + grid d1,u1,u2,x9 & area 330799001: contact
			worker, no grids      none: pi
			worker+officer, east  all: pi + area 330799001: contact
			worker, urban         grid u1: pi
			operator              all: pis`},
		{base, nil, `
			public                404
			no role, city         all: pi
			administrator, city   all: pi
			auditor, centre       all: pi
			command, centre       all: pi
			planner, centre       all: pi
			officer, urban        all: pi + (dept urban,urban-east | area 330799): contact
			administrator, urban  all: pi
			officer, urban-east   all: pi + (dept urban-east | area 330799001): contact
			officer, police       all: pi
			officer, east         all: pi
			worker, east          all: pi
			worker, no grids      all: pi
			worker+officer, east  all: pi
			worker, urban         all: pi + (dept urban,urban-east | area 330799): contact
			operator              all: pis`},
		{testLayer("conditional", layers.Conditional, "urban"), nil, `
			public                404
			no role, city         404
			administrator, city   404
			auditor, centre       404
			command, centre       404
			planner, centre       404
			officer, urban        (dept urban,urban-east | area 330799): pis
			administrator, urban  (dept urban,urban-east | area 330799): pi
			officer, urban-east   (dept urban-east | area 330799001): pis
			officer, police       dept police: pi
			officer, east         404
			worker, east          404
			worker, no grids      404
			worker+officer, east  404
			worker, urban         grid u1 & (dept urban,urban-east | area 330799): pis
			operator              all: pis`},
		{testLayer("granted", layers.Conditional, "urban"), []access.Grant{
			{Org: "centre"},
			{Org: "gov"},
			{Org: "police", Fields: []string{"name", "contact"}, AreaCode: "330799002"},
		}, `
			public                404
			no role, city         404
			administrator, city   404
			auditor, centre       404
			command, centre       area 330799: pi
			planner, centre       area 330799: pi
			officer, urban        (dept urban,urban-east | area 330799): pis
			administrator, urban  (dept urban,urban-east | area 330799): pi
			officer, urban-east   (dept urban-east | area 330799001): pis
			officer, police       (dept police | area 330799002): name + dept police: grid_code state dept_code area_code + area 330799002: contact
			officer, east         area 330799001: pi
			worker, east          grid d1,u1,u2,x9 & area 330799001: pi
			worker, no grids      none: pi
			worker+officer, east  area 330799001: pi
			worker, urban         grid u1 & (dept urban,urban-east | area 330799): pis
			operator              all: pis`},
		{testLayer("gridded", layers.Conditional, "urban"), []access.Grant{
			{Org: "police", Fields: []string{"name", "contact"}, AreaCode: "330799001", Grids: []string{"d1"}},
			{Org: "east", Grids: []string{"u2", ""}},
			{Org: "centre", Grids: []string{"gone"}},
			{Org: "gov", AreaCode: "330799001", Grids: []string{""}},
		}, `
			public                404
			command, centre       grid gone & area 330799: pi
			planner, centre       grid gone & area 330799: pi
			officer, urban        (dept urban,urban-east | area 330799): pis
			administrator, urban  (dept urban,urban-east | area 330799): pi
			officer, urban-east   (dept urban-east | area 330799001): pis
			officer, police       (grid d1,u1,u2 & area 330799001 | dept police): name + grid d1,u1,u2 & area 330799001: contact + dept police: grid_code state dept_code area_code
			officer, east         grid u2 & area 330799001: pi
			worker, east          grid u2 & area 330799001: pi
			worker, no grids      none: pi
			worker+officer, east  grid u2 & area 330799001: pi
			worker, urban         grid u1 & (dept urban,urban-east | area 330799): pis
			operator              all: pis`},
		{counted("counted", layers.Conditional, "urban", true), []access.Grant{{Org: "centre"}, {Org: "police"}, {Org: "gov"}}, `
			public                404
			no role, city         404
			administrator, city   404
			auditor, centre       404
			command, centre       audience internal & area 330799: pi
			planner, centre       audience internal & area 330799: pi
			officer, urban        audience internal & (dept urban,urban-east | area 330799): pis
			administrator, urban  audience staff & (dept urban,urban-east | area 330799): pi
			officer, urban-east   audience internal & (dept urban-east | area 330799001): pis
			officer, police       audience staff & (dept police | area 330799): pi
			officer, east         audience staff & area 330799001: pi
			worker, east          audience staff & grid d1,u1,u2,x9 & area 330799001: pi
			worker, no grids      none: pi
			worker+officer, east  audience staff & area 330799001: pi
			worker, urban         audience internal & grid u1 & (dept urban,urban-east | area 330799): pis
			operator              audience internal: pis`},
		{openCounted, nil, `
			public                audience public: p
			no role, city         audience staff: pi
			administrator, city   audience staff: pi
			auditor, centre       audience staff: pi
			command, centre       audience staff: pi
			planner, centre       audience staff: pi
			officer, urban        audience internal: pi + audience internal & (dept urban,urban-east | area 330799): contact
			administrator, urban  audience staff: pi
			officer, urban-east   audience internal: pi + audience internal & (dept urban-east | area 330799001): contact
			officer, police       audience staff: pi
			officer, east         audience staff: pi
			worker, east          audience staff & grid d1,u1,u2,x9: pi
			worker, no grids      none: pi
			worker+officer, east  audience staff: pi
			worker, urban         audience internal & grid u1: pi + audience internal & grid u1 & (dept urban,urban-east | area 330799): contact
			operator              audience internal: pis`},
		{counted("unreleased", layers.Conditional, "urban", false), []access.Grant{{Org: "centre"}}, `
			command, centre       none: nothing
			planner, centre       none: nothing
			officer, urban        none: nothing
			administrator, urban  none: nothing
			officer, urban-east   none: nothing
			officer, police       none: nothing
			worker, urban         none: nothing
			operator              none: nothing`},
		{testLayer("secret", layers.NotShared, "urban"), []access.Grant{{Org: "centre"}, {Org: "police"}}, `
			public                404
			no role, city         404
			administrator, city   404
			auditor, centre       404
			command, centre       404
			planner, centre       404
			officer, urban        (dept urban,urban-east | area 330799): pis
			administrator, urban  (dept urban,urban-east | area 330799): pi
			officer, urban-east   (dept urban-east | area 330799001): pis
			officer, police       404
			officer, east         404
			worker, east          404
			worker, no grids      404
			worker+officer, east  404
			worker, urban         grid u1 & (dept urban,urban-east | area 330799): pis
			operator              all: pis`},
		{testLayer("nobodys", layers.NotShared, ""), nil, `
			operator              all: pis`},
		{openConditional, nil, `
			officer, urban        dept urban,urban-east: pi
			administrator, urban  dept urban,urban-east: pi
			officer, urban-east   dept urban-east: pi
			officer, police       dept police: pi
			worker, urban         grid u1 & dept urban,urban-east: pi
			operator              all: pis`},
	} {
		t.Run(tt.layer.Name, func(t *testing.T) {
			c.exec(t, `INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry) VALUES ($1, 'x', 'x', 'other', 'Point')`, tt.layer.Name)
			for _, g := range tt.grants {
				c.exec(t, `INSERT INTO onemap.layer_grant (layer, org, fields, area_code, grids, reason, granted_by) VALUES ($1, $2, $3, $4, $5, 'test', 'test')`,
					tt.layer.Name, g.Org, g.Fields, g.AreaCode, g.Grids)
			}
			want := map[string]string{}
			for line := range strings.Lines(strings.TrimSpace(tt.want)) {
				who, what, _ := strings.Cut(strings.TrimSpace(line), "  ")
				want[who] = strings.TrimSpace(what)
			}
			must(t, c.dir.Load(t.Context()))
			for _, p := range people {
				scope := p.scope
				if id, ok := scope.Person(); ok && id.ID != 0 {
					scope = c.scopeNow(t, id.ID)
				}
				right, visible := scope.Layer(tt.layer)
				w := want[p.name]
				if w == "" {
					w = "404"
				}
				if got := describe(right, visible); got != w {
					t.Errorf("%s\n got  %s\n want %s", p.name, got, w)
				}
				if again, _ := scope.Layer(tt.layer); again.Fingerprint() != right.Fingerprint() {
					t.Errorf("%s: asked again, another answer", p.name)
				}
				if !visible {
					continue
				}
				// Every field is seen everywhere, somewhere, or masked: one of the three.
				seen := append(slices.Clone(right.Fields), right.Masked...)
				for _, m := range right.More {
					seen = append(seen, m.Fields...)
				}
				for _, f := range tt.layer.Fields {
					if n := count(seen, f.Name); n != 1 && p.name != "public" && p.name != "operator" && tt.layer.Name != "unreleased" {
						t.Errorf("%s: field %s is listed %d times", p.name, f.Name, n)
					}
				}
			}
		})
	}
}

// A grant that ended or was revoked does nothing, even under a scope that is
// still held.
func TestGrantsEnd(t *testing.T) {
	c := newCity(t)
	l := testLayer("incident", layers.Conditional, "")
	_, err := c.dir.Grant(t.Context(), operator, access.Grant{Layer: "incident", Org: "centre", Reason: "drill", EndsAt: time.Now().Add(400 * time.Millisecond)})
	must(t, err)
	s := c.person(t, "li", "centre", nil, access.CommandCentre)
	if _, visible := s.Layer(l); !visible {
		t.Fatal("granted, and not visible")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, visible := s.Layer(l); !visible {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the grant ended, and the layer is still visible")
		}
	}
	g, err := c.dir.Grant(t.Context(), operator, access.Grant{Layer: "incident", Org: "centre", Reason: "drill"})
	must(t, err)
	p, _ := s.Person()
	if _, visible := c.scope(t, p.ID).Layer(l); !visible {
		t.Fatal("granted again, and not visible")
	}
	must(t, c.dir.Revoke(t.Context(), operator, g.ID, "drill over"))
	if _, visible := c.scope(t, p.ID).Layer(l); visible {
		t.Fatal("revoked, and still visible")
	}
}

// A new owner or share type counts at once: the right is kept by the state of
// the layer it was asked for.
func TestRightFollowsTheLayer(t *testing.T) {
	c := newCity(t)
	s := c.person(t, "li", "police", nil, access.DepartmentOfficer)
	l := testLayer("x", layers.Unconditional, "urban")
	first, _ := s.Layer(l)
	if !where.IsTrue(first.Where) {
		t.Fatal("unconditional, and cut")
	}
	l.Share = layers.NotShared
	if _, visible := s.Layer(l); visible {
		t.Error("no longer shared, and still visible")
	}
	l.Owner = "police"
	if r, visible := s.Layer(l); !visible || len(r.Fields) != 6 {
		t.Error("the new owner does not see all")
	}
	l.Fields = l.Fields[:2]
	if r, _ := s.Layer(l); len(r.Fields) != 2 {
		t.Error("fields of before")
	}
	l.Fields = append([]layers.Field{}, l.Fields...)
	l.Fields[1].Sensitivity = layers.Sensitive
	if r, _ := s.Layer(l); len(r.Fields) != 2 {
		t.Error("the owner does not see the sensitive field")
	}
}

func count(all []string, s string) (n int) {
	for _, a := range all {
		if a == s {
			n++
		}
	}
	return n
}
