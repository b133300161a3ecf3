package access_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
)

func TestBadInputNamesFieldAndRemedy(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	person := func(change func(*access.NewPerson)) error {
		p := access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password}
		change(&p)
		_, err := c.dir.CreatePerson(ctx, operator, p)
		return err
	}
	org := func(change func(*access.Organisation)) error {
		o := access.Organisation{Code: "new", Level: "town", Kind: "department", NameZH: "新", NameEN: "New"}
		change(&o)
		return c.dir.CreateOrganisation(ctx, operator, o)
	}
	grant := func(change func(*access.Grant)) error {
		g := access.Grant{Layer: "incident", Org: "police", Reason: "test"}
		change(&g)
		_, err := c.dir.Grant(ctx, operator, g)
		return err
	}
	rights := func(r access.LayerRights) error { return c.dir.SetLayerRights(ctx, operator, "incident", r) }
	for _, tt := range []struct {
		name, field string
		err         error
	}{
		{"login with capitals", "login", person(func(p *access.NewPerson) { p.Login = "Li" })},
		{"no login", "login", person(func(p *access.NewPerson) { p.Login = "" })},
		{"no name", "name", person(func(p *access.NewPerson) { p.Name = "  " })},
		{"no such organisation", "org", person(func(p *access.NewPerson) { p.Org = "moon" })},
		{"no such role", "roles", person(func(p *access.NewPerson) { p.Roles = []access.Role{"king"} })},
		{"the public is no role to give", "roles", person(func(p *access.NewPerson) { p.Roles = []access.Role{access.PublicRole} })},
		{"a role twice", "roles", person(func(p *access.NewPerson) { p.Roles = []access.Role{access.Planner, access.Planner} })},
		{"two administrators in one", "roles", person(func(p *access.NewPerson) { p.Roles = []access.Role{access.Administrator, access.Auditor} })},
		{"an administrator with a duty", "roles", person(func(p *access.NewPerson) { p.Roles = []access.Role{access.Administrator, access.CommandCentre} })},
		{"a zero byte", "text", person(func(p *access.NewPerson) { p.Name = "a\x00b" })},
		{"short password", "password", person(func(p *access.NewPerson) { p.Password = "Ab1-efg" })},
		{"password of one kind", "password", person(func(p *access.NewPerson) { p.Password = "abcdefghijkl" })},
		{"password of few characters", "password", person(func(p *access.NewPerson) { p.Password = "Aa1Aa1Aa1Aa1" })},
		{"password with the login", "password", person(func(p *access.NewPerson) { p.Login, p.Password = "wang", "My-Wang-7723" })},
		{"common password", "password", person(func(p *access.NewPerson) { p.Password = "Password-7723" })},
		{"endless password", "password", person(func(p *access.NewPerson) { p.Password = strings.Repeat("Ab1-", 50) })},
		{"broken text as password", "password", person(func(p *access.NewPerson) { p.Password = "Abcdefg-77\xff23" })},
		{"code with spaces", "code", org(func(o *access.Organisation) { o.Code = "a b" })},
		{"unknown level", "level", org(func(o *access.Organisation) { o.Level = "planet" })},
		{"unknown kind", "kind", org(func(o *access.Organisation) { o.Kind = "club" })},
		{"no parent of that code", "parent", org(func(o *access.Organisation) { o.Parent = "moon" })},
		{"its own parent", "parent", org(func(o *access.Organisation) { o.Parent = "new" })},
		{"area code with spaces", "area_code", org(func(o *access.Organisation) { o.AreaCode = "3 3" })},
		{"no Chinese name", "name_zh", org(func(o *access.Organisation) { o.NameZH = "" })},
		{"no English name", "name_en", org(func(o *access.Organisation) { o.NameEN = "" })},
		{"credit code too short", "uscc", org(func(o *access.Organisation) { o.USCC = "123" })},
		{"grant of no layer", "layer", grant(func(g *access.Grant) { g.Layer = "moon" })},
		{"grant to nobody", "org", grant(func(g *access.Grant) { g.Org = "moon" })},
		{"grant without reason", "reason", grant(func(g *access.Grant) { g.Reason = "" })},
		{"grant of no field", "fields", grant(func(g *access.Grant) { g.Fields = []string{"severity", "salary"} })},
		{"grant that is over", "ends_at", grant(func(g *access.Grant) { g.EndsAt = time.Now().Add(-time.Hour) })},
		{"owner that is not", "owner", rights(access.LayerRights{Owner: "moon", Share: layers.Conditional})},
		{"share type that is not", "share", rights(access.LayerRights{Share: "sometimes"})},
		{"open without being shared", "open", rights(access.LayerRights{Share: layers.Conditional, Open: true})},
		{"not shared without a basis", "share_basis", rights(access.LayerRights{Owner: "urban", Share: layers.NotShared})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantInput(t, tt.err, tt.field)
			if tt.err != nil && (strings.Contains(tt.err.Error(), "SQLSTATE") || tt.field == "password" && strings.Contains(tt.err.Error(), "7723")) {
				t.Errorf("the text says too much: %v", tt.err)
			}
		})
	}
	must(t, person(func(*access.NewPerson) {}))
	if err := person(func(*access.NewPerson) {}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("the same login again: %v", err)
	}
	if err := org(func(o *access.Organisation) { o.Code = "gov" }); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("the same code again: %v", err)
	}
	for name, err := range map[string]error{
		"password": c.dir.SetPassword(ctx, operator, "nobody", password),
		"roles":    c.dir.SetRoles(ctx, operator, "nobody", nil),
		"layer":    c.dir.SetLayerRights(ctx, operator, "moon", access.LayerRights{Share: layers.Conditional}),
		"grant":    c.dir.Revoke(ctx, operator, 12345, ""),
	} {
		if !errors.Is(err, layers.ErrNotFound) {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
}

// Who may administer what: every function by every role.
func TestSeparationOfDuties(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	audit := access.NewAudit(c.db)
	c.person(t, "victim", "east", nil, access.GridWorker)
	roles := append(slices.Clone(access.Roles), access.PublicRole)
	n := 0
	for name, tt := range map[string]struct {
		may  []access.Role
		call func(s access.Scope) error
	}{
		"CreateOrganisation": {[]access.Role{access.Administrator}, func(s access.Scope) error {
			n++
			return c.dir.CreateOrganisation(ctx, s, access.Organisation{Code: fmt.Sprintf("o%d", n), Level: "town", Kind: "department", NameZH: "x", NameEN: "x"})
		}},
		"CreatePerson": {[]access.Role{access.Administrator}, func(s access.Scope) error {
			n++
			_, err := c.dir.CreatePerson(ctx, s, access.NewPerson{Login: fmt.Sprintf("n%d", n), Name: "x", Org: "east"})
			return err
		}},
		"CreatePerson with a role": {nil, func(s access.Scope) error {
			_, err := c.dir.CreatePerson(ctx, s, access.NewPerson{Login: "never", Name: "x", Org: "east", Roles: []access.Role{access.Auditor}})
			return err
		}},
		"SetPassword": {[]access.Role{access.Administrator}, func(s access.Scope) error { return c.dir.SetPassword(ctx, s, "victim", password) }},
		"SetActive":   {[]access.Role{access.Administrator}, func(s access.Scope) error { return c.dir.SetActive(ctx, s, "victim", true) }},
		"Unlock":      {[]access.Role{access.Administrator}, func(s access.Scope) error { return c.dir.Unlock(ctx, s, "victim") }},
		"SetGrids":    {[]access.Role{access.Administrator}, func(s access.Scope) error { return c.dir.SetGrids(ctx, s, "victim", []string{"u1"}) }},
		"SetRoles":    {[]access.Role{access.SecurityAdministrator}, func(s access.Scope) error { return c.dir.SetRoles(ctx, s, "victim", []access.Role{access.Planner}) }},
		"SetLayerRights": {[]access.Role{access.SecurityAdministrator}, func(s access.Scope) error {
			return c.dir.SetLayerRights(ctx, s, "asset", access.LayerRights{Owner: "urban", Share: layers.Conditional})
		}},
		"Grant and Revoke": {[]access.Role{access.SecurityAdministrator}, func(s access.Scope) error {
			g, err := c.dir.Grant(ctx, s, access.Grant{Layer: "asset", Org: "police", Reason: "x"})
			if err != nil {
				return errors.Join(err, c.dir.Revoke(ctx, s, 1, ""))
			}
			return c.dir.Revoke(ctx, s, g.ID, "")
		}},
		"CreateKey for another": {nil, func(s access.Scope) error {
			_, _, err := c.dir.CreateKey(ctx, s, "victim", "x", time.Time{})
			return err
		}},
		"ListKeys of all": {[]access.Role{access.SecurityAdministrator}, func(s access.Scope) error { _, err := c.dir.ListKeys(ctx, s, ""); return err }},
		"ListPeople": {[]access.Role{access.Administrator, access.SecurityAdministrator, access.Auditor}, func(s access.Scope) error {
			_, err := c.dir.ListPeople(ctx, s)
			return err
		}},
		"ListGrants": {[]access.Role{access.SecurityAdministrator, access.Auditor}, func(s access.Scope) error { _, err := c.dir.ListGrants(ctx, s, ""); return err }},
		"SeedGrants": {[]access.Role{access.SecurityAdministrator}, func(s access.Scope) error { _, err := c.dir.SeedGrants(ctx, s); return err }},
		"SetOwners":  {[]access.Role{access.SecurityAdministrator}, func(s access.Scope) error { return c.dir.SetOwners(ctx, s, map[string]string{"asset": "urban"}) }},
		"Search":     {[]access.Role{access.Auditor}, func(s access.Scope) error { _, err := audit.Search(ctx, s, access.AuditQuery{}); return err }},
	} {
		for _, r := range roles {
			s, want := access.Scope{}, access.ErrUnauthenticated
			if r != access.PublicRole {
				n++
				s, want = c.person(t, fmt.Sprintf("caller%d", n), "gov", nil, r), access.ErrForbidden
			}
			err := tt.call(s)
			if slices.Contains(tt.may, r) {
				if err != nil {
					t.Errorf("%s by %s: %v", name, r, err)
				}
			} else if !errors.Is(err, want) {
				t.Errorf("%s by %s: %v, want %v", name, r, err, want)
			}
		}
	}
}

func TestNobodyRaisesThemselves(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	security := c.person(t, "sec", "gov", nil, access.SecurityAdministrator)
	wantInput(t, c.dir.SetRoles(ctx, security, "sec", []access.Role{access.Auditor}), "login")
	admin := c.person(t, "adm", "gov", nil, access.Administrator)
	wantInput(t, c.dir.SetActive(ctx, admin, "adm", false), "login")
}

func TestChangePassword(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	_, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password})
	must(t, err)
	token, s, err := opened(c.dir.SignIn(ctx, "li", password, access.From{}))
	must(t, err)
	const next = "Tofu-mapo-88-hot"
	if err := c.dir.ChangePassword(ctx, s, "guess", next, access.From{}, true); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("wrong old password: %v", err)
	}
	wantInput(t, c.dir.ChangePassword(ctx, s, password, "short", access.From{}, true), "password")
	key, _, err := c.dir.CreateKey(ctx, s, "li", "mine", time.Time{})
	must(t, err)
	must(t, c.dir.ChangePassword(ctx, s, password, next, access.From{}, false))
	if _, err := c.dir.Key(ctx, key); err != nil {
		t.Errorf("her own programs stopped, though she did not say so: %v", err)
	}
	if _, err := c.dir.Session(ctx, token); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("the session goes on: %v", err)
	}
	if _, err := c.dir.SignIn(ctx, "li", password, access.From{}); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := c.dir.SignIn(ctx, "li", next, access.From{}); err != nil {
		t.Errorf("the new password: %v", err)
	}
	for name, end := range map[string]func() error{
		"changed, with the keys":    func() error { return c.dir.ChangePassword(ctx, s, next, next, access.From{}, true) },
		"set by an administrator":   func() error { return c.dir.SetPassword(ctx, operator, "li", next) },
		"set again, after a reload": func() error { return errors.Join(c.dir.SetPassword(ctx, operator, "li", next), c.dir.Load(ctx)) },
	} {
		key, _, err := c.dir.CreateKey(ctx, s, "li", "mine", time.Time{})
		must(t, err)
		must(t, end())
		if _, err := c.dir.Key(ctx, key); !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%s: the key still holds: %v", name, err)
		}
		if _, err := access.NewDirectory(c.db).Key(ctx, key); !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%s: on another node the key still holds: %v", name, err)
		}
	}
}

func TestListPeople(t *testing.T) {
	c := newCity(t)
	c.person(t, "wang", "east", []string{"u2", "u1", "u2", " "}, access.GridWorker, access.DepartmentOfficer)
	c.person(t, "li", "gov", nil, access.Auditor)
	people, err := c.dir.ListPeople(t.Context(), operator)
	must(t, err)
	if len(people) != 2 || people[0].Login != "li" || fmt.Sprint(people[1].Roles, people[1].Grids, people[1].Active) != "[department_officer grid_worker] [u1 u2] true" {
		t.Errorf("%+v", people)
	}
	orgs, err := c.dir.ListOrganisations(t.Context(), operator)
	must(t, err)
	if len(orgs) != 7 || orgs[0].Code != "centre" || orgs[0].AreaCode != "330799" {
		t.Errorf("%+v", orgs)
	}
}

func TestSeed(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	seeds := access.SeedOrgs{Government: "gov", Centre: "centre", Urban: "urban", Police: "police", Town: "east", Grids: []string{"u1"}}.Seeds()
	first, err := c.dir.SeedUsers(ctx, operator, seeds)
	must(t, err)
	have := map[access.Role]bool{}
	for _, s := range first {
		token, scope, err := opened(c.dir.SignIn(ctx, s.Login, s.Password, access.From{}))
		if err != nil || token == "" {
			t.Errorf("%s cannot sign in with %q: %v", s.Login, s.Password, err)
		}
		for _, r := range s.Roles {
			have[r] = have[r] || scope.Has(r)
		}
	}
	for _, r := range access.Roles {
		if !have[r] {
			t.Errorf("no account for %s", r)
		}
	}
	again, err := c.dir.SeedUsers(ctx, operator, seeds)
	must(t, err)
	for i, s := range again {
		if s.Password != "" || s.Login != first[i].Login {
			t.Errorf("seeded again: %+v", s)
		}
	}
	if _, err := c.dir.SignIn(ctx, "centre", first[3].Password, access.From{}); err != nil {
		t.Errorf("after seeding again: %v", err)
	}
	grants, err := c.dir.ListGrants(ctx, operator, "incident")
	must(t, err)
	if len(grants) != 2 || grants[0].Org != "gov" || grants[1].Org != "centre" || grants[0].Reason == "" {
		t.Errorf("%+v", grants)
	}
	must(t, c.dir.Revoke(ctx, operator, grants[0].ID, "no"))
	if n, err := c.dir.SeedGrants(ctx, operator); err != nil || n != 0 {
		t.Errorf("seeded again: %d grants, %v", n, err)
	}
	must(t, c.dir.SetOwners(ctx, operator, map[string]string{"incident": "urban"}))
	must(t, c.dir.SetOwners(ctx, operator, map[string]string{"incident": "police"}))
	l, err := c.store.Layer(ctx, "incident")
	must(t, err)
	if l.Owner != "urban" {
		t.Errorf("owner %q", l.Owner)
	}
}

func TestReadablePassword(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		p := access.ReadablePassword()
		if seen[p] || len(p) != 19 {
			t.Fatalf("%q", p)
		}
		seen[p] = true
	}
}

func TestAudit(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	a := access.NewAudit(c.db)
	li := c.person(t, "li", "urban", nil, access.DepartmentOfficer)
	must(t, a.Record(ctx, li, access.Entry{Action: "layer.export", Object: "layer/asset", Result: access.Done, Reason: "monthly report",
		Address: "[2001:db8::1]:443", Detail: map[string]any{"rows": 12}}))
	must(t, a.Record(ctx, access.Scope{}, access.Entry{Action: "incident.create", Object: "incident/1", Result: access.Refused, Address: "nonsense"}))
	search := func(q access.AuditQuery) []access.Recorded {
		t.Helper()
		found, err := a.Search(ctx, operator, q)
		must(t, err)
		return found
	}
	if f := search(access.AuditQuery{Action: "layer."}); len(f) != 1 || f[0].Login != "li" || f[0].Org != "urban" || f[0].Address != "2001:db8::1" ||
		f[0].Reason != "monthly report" || fmt.Sprint(f[0].Detail) != "map[rows:12]" || f[0].Person == 0 {
		t.Errorf("%+v", f)
	}
	if f := search(access.AuditQuery{Object: "incident/1"}); len(f) != 1 || f[0].Login != "" || f[0].Person != 0 || f[0].Address != "" || f[0].Result != access.Refused {
		t.Errorf("%+v", f)
	}
	if f := search(access.AuditQuery{Action: "layer"}); len(f) != 0 {
		t.Errorf("half an action: %+v", f)
	}
	all := search(access.AuditQuery{})
	var paged []access.Recorded
	for q := (access.AuditQuery{Limit: 3}); ; q.Before = paged[len(paged)-1].ID {
		page := search(q)
		paged = append(paged, page...)
		if len(page) < 3 {
			break
		}
	}
	if len(paged) != len(all) || len(all) < 10 {
		t.Errorf("%d by pages, %d at once", len(paged), len(all))
	}
	if f := search(access.AuditQuery{From: time.Now().Add(time.Hour)}); len(f) != 0 {
		t.Errorf("from tomorrow: %+v", f)
	}
	if f := search(access.AuditQuery{To: time.Now().Add(time.Hour), Login: "li"}); len(f) != 1 {
		t.Errorf("by login: %+v", f)
	}
	_, err := a.Search(ctx, operator, access.AuditQuery{Limit: 1001})
	wantInput(t, err, "limit")
	_, err = a.Search(ctx, operator, access.AuditQuery{From: time.Now(), To: time.Now().Add(-time.Hour)})
	wantInput(t, err, "to")
	for _, sql := range []string{`DELETE FROM onemap.audit`, `UPDATE onemap.audit SET login = 'x'`, `TRUNCATE onemap.audit`} {
		if _, err := c.db.Exec(ctx, sql); err == nil {
			t.Errorf("%s was allowed", sql)
		}
	}
}

// What people type at the sign-in, into whichever field, is nowhere in the audit.
func TestAuditHoldsNoSecret(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	_, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "east", Password: password})
	must(t, err)
	c.dir.SignIn(ctx, strings.ToLower(password), "x", access.From{Address: "10.0.0.1"})
	c.dir.SignIn(ctx, "li", password+"typo", access.From{Address: "10.0.0.1"})
	token, s, err := opened(c.dir.SignIn(ctx, "li", password, access.From{Address: "10.0.0.1"}))
	must(t, err)
	key, _, err := c.dir.CreateKey(ctx, s, "li", "x", time.Time{})
	must(t, err)
	must(t, c.dir.SetPassword(ctx, operator, "li", "Tofu-mapo-88-hot"))
	must(t, c.dir.SignOut(ctx, token))
	for _, secret := range []string{password, "typo", token, key, key[len(key)-40:], "Tofu"} {
		var n int
		err := c.db.QueryRow(ctx, `SELECT count(*) FROM onemap.audit a WHERE a::text ILIKE '%' || $1 || '%'`, secret).Scan(&n)
		if err != nil || n != 0 {
			t.Errorf("%q is in the audit %d times, %v", secret, n, err)
		}
	}
	var actions []string
	must(t, c.db.QueryRow(ctx, `SELECT array_agg(action || ' ' || result ORDER BY id) FROM onemap.audit WHERE action LIKE 'sign%' OR action LIKE 'key%'`).Scan(&actions))
	if got := strings.Join(actions, ", "); got != "sign-in refused, sign-in refused, sign-in done, key.create done" {
		t.Errorf("%s", got)
	}
}
