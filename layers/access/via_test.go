package access_test

import (
	"errors"
	"testing"
	"time"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

func TestNarrowKeys(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	li := c.person(t, "li", "urban", nil, access.DepartmentOfficer)
	asset, incident := testLayer("asset", layers.Unconditional, "urban"), testLayer("incident", layers.Unconditional, "urban")
	make := func(k access.NewKey) access.Scope {
		t.Helper()
		k.Login, k.Name = "li", "x"
		text, _, err := c.dir.CreateNarrowKey(ctx, li, k)
		must(t, err)
		return c.keyScope(t, text)
	}
	all, read, write := make(access.NewKey{}), make(access.NewKey{Scopes: []string{"read"}}), make(access.NewKey{Scopes: []string{"write"}})
	for _, tt := range []struct {
		name        string
		s           access.Scope
		read, write bool
	}{{"all", all, true, true}, {"read", read, true, false}, {"write", write, false, true}, {"signed in", li, true, true}} {
		if (tt.s.May(false) == nil) != tt.read || (tt.s.May(true) == nil) != tt.write {
			t.Errorf("%s: %v, %v", tt.name, tt.s.May(false), tt.s.May(true))
		}
	}
	if _, err := read.Edit(asset); !errors.Is(err, access.ErrKeyScope) {
		t.Errorf("a key that reads has the pen: %v", err)
	}
	one := make(access.NewKey{Layers: []string{"asset"}})
	if _, visible := one.Layer(asset); !visible {
		t.Error("the layer that the key is for is not seen")
	}
	if _, visible := one.Layer(incident); visible {
		t.Error("a layer that the key is not for is seen")
	}
	a, _ := one.Layer(asset)
	if b, _ := li.Layer(asset); a.Fingerprint() != b.Fingerprint() {
		t.Error("a narrow key has another right to its layer than its holder")
	}
	for field, k := range map[string]access.NewKey{
		"scopes":     {Login: "li", Name: "x", Scopes: []string{"read", "read"}},
		"layers":     {Login: "li", Name: "x", Layers: []string{"moon"}},
		"expires_at": {Login: "li", Name: "x", Expires: time.Now().AddDate(3, 0, 0)},
	} {
		_, _, err := c.dir.CreateNarrowKey(ctx, li, k)
		wantInput(t, err, field)
	}
	_, info, err := c.dir.CreateNarrowKey(ctx, li, access.NewKey{Login: "li", Name: "x"})
	must(t, err)
	if d := time.Until(info.ExpiresAt); d < 365*24*time.Hour || d > 367*24*time.Hour {
		t.Errorf("a key without a term ends in %v", d)
	}
}

// A sensitive layer shows nothing, in any shape, to who has not said why they
// look; and the audit has the reason before they see anything.
func TestSensitiveLayersAskForAReason(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	_, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: "li", Name: "李", Org: "urban", Password: password, Roles: []access.Role{access.DepartmentOfficer}})
	must(t, err)
	security := c.person(t, "boss", "gov", nil, access.SecurityAdministrator)
	must(t, c.dir.SetAskReason(ctx, security, "asset", true, "含敏感信息"))
	c.exec(t, `UPDATE onemap.layer SET owner = 'urban' WHERE name = 'asset'`)
	l, err := c.store.Layer(ctx, "asset")
	must(t, err)
	in, err := c.dir.SignIn(ctx, "li", password, access.From{})
	must(t, err)
	sees := func(s access.Scope) bool {
		t.Helper()
		r, visible := s.Layer(l)
		if !visible {
			t.Error("she may not even know of it")
		}
		return !where.IsFalse(r.Where) && len(r.Fields) > 0
	}
	s, err := c.dir.Session(ctx, in.Token)
	must(t, err)
	if sees(s) || !s.LacksReason(l) {
		t.Error("seen without a reason")
	}
	if _, err := s.Edit(l); l.Editable && !errors.Is(err, access.ErrReason) {
		t.Errorf("written without a reason: %v", err)
	}
	_, err = c.dir.GiveReason(ctx, s, []string{"asset"}, " x ", "")
	wantInput(t, err, "reason")
	_, err = c.dir.GiveReason(ctx, s, []string{"incident"}, "核对井盖权属", "")
	wantInput(t, err, "layers")
	until, err := c.dir.GiveReason(ctx, s, []string{"asset"}, "核对井盖权属", "10.0.0.1")
	must(t, err)
	if d := time.Until(until); d < 7*time.Hour || d > 9*time.Hour {
		t.Errorf("it holds for %v", d)
	}
	s, err = c.dir.Session(ctx, in.Token)
	must(t, err)
	if !sees(s) || s.ReasonFor("asset") != "核对井盖权属" {
		t.Error("not seen with a reason")
	}
	var kept string
	must(t, c.db.QueryRow(ctx, `SELECT login || ' ' || object || ' ' || reason FROM onemap.audit WHERE action = 'reason.give'`).Scan(&kept))
	if kept != "li layer/asset 核对井盖权属" {
		t.Errorf("kept: %q", kept)
	}
	// It ends; and another session of hers has its own.
	c.exec(t, `UPDATE onemap.session SET reasons = jsonb_set(reasons, '{asset,until}', to_jsonb(now() - interval '1 s'))`)
	other := access.NewDirectory(c.db)
	if s, err = other.Session(ctx, in.Token); err != nil || sees(s) {
		t.Errorf("seen after its time: %v", err)
	}
	key, _, err := c.dir.CreateKey(ctx, s, "li", "x", time.Time{})
	must(t, err)
	if s := c.keyScope(t, key); sees(s) || !sees(s.WithReason("核对井盖权属")) {
		t.Error("a key says why with the request")
	}
	if !sees(operator) {
		t.Error("the operator has the database in hand anyway")
	}
	wantInput(t, c.dir.SetAskReason(ctx, security, "asset", true, ""), "reason")
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	for _, login := range []string{"li", "wang"} {
		_, err := c.dir.CreatePerson(ctx, operator, access.NewPerson{Login: login, Name: login, Org: "east", Password: password, Roles: []access.Role{access.GridWorker}})
		must(t, err)
	}
	here, err := c.dir.SignIn(ctx, "li", password, access.From{Address: "10.0.0.1", Agent: "Firefox"})
	must(t, err)
	there, err := c.dir.SignIn(ctx, "li", password, access.From{Address: "10.0.0.2", Agent: "a phone"})
	must(t, err)
	wang, err := c.dir.SignIn(ctx, "wang", password, access.From{})
	must(t, err)
	all, err := c.dir.ListSessions(ctx, here.Scope, "li")
	must(t, err)
	if len(all) != 2 || all[0].Agent != "a phone" || all[0].Current || !all[1].Current || all[1].Address != "10.0.0.1" {
		t.Fatalf("%+v", all)
	}
	if _, err := c.dir.ListSessions(ctx, wang.Scope, "li"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("another's sessions: %v", err)
	}
	if err := c.dir.EndSession(ctx, wang.Scope, all[0].ID); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("another's session is ended: %v", err)
	}
	changed := c.dir.Changed()
	must(t, c.dir.EndSession(ctx, here.Scope, all[0].ID))
	select {
	case <-changed:
	default:
		t.Error("open live connections are not told")
	}
	if _, err := c.dir.Session(ctx, there.Token); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("it goes on: %v", err)
	}
	if _, err := access.NewDirectory(c.db).Session(ctx, there.Token); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("on another node it goes on: %v", err)
	}
	_, err = c.dir.SignIn(ctx, "li", password, access.From{})
	must(t, err)
	if n, err := c.dir.EndSessions(ctx, here.Scope, "li"); err != nil || n != 1 {
		t.Errorf("%d ended, %v", n, err)
	}
	if _, err := c.dir.Session(ctx, here.Token); err != nil {
		t.Errorf("her own ended too: %v", err)
	}
	admin := c.person(t, "adm", "gov", nil, access.Administrator)
	if n, err := c.dir.EndSessions(ctx, admin, "li"); err != nil || n != 1 {
		t.Errorf("by an administrator: %d, %v", n, err)
	}
}

// The provider's subject is who somebody is; its names change hands.
func TestSignInByProvider(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	li := c.person(t, "li", "east", nil, access.GridWorker)
	who := access.Identity{Issuer: "https://sso.test", Subject: "s-1", Login: "LI"}
	in, err := c.dir.SignInAs(ctx, who, access.From{})
	must(t, err)
	a, _ := in.Scope.Person()
	if b, _ := li.Person(); a.ID != b.ID {
		t.Fatalf("signed in as %+v", a)
	}
	who.Login = "renamed"
	_, err = c.dir.SignInAs(ctx, who, access.From{})
	must(t, err)
	for name, i := range map[string]access.Identity{
		"another subject of the same name": {Issuer: "https://sso.test", Subject: "s-2", Login: "li"},
		"no account":                       {Issuer: "https://sso.test", Subject: "s-3", Login: "nobody"},
		"no name":                          {Issuer: "https://sso.test", Subject: "s-4"},
	} {
		if _, err := c.dir.SignInAs(ctx, i, access.From{}); !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, c.dir.SetActive(ctx, operator, "li", false))
	if _, err := c.dir.SignInAs(ctx, who, access.From{}); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("a closed account: %v", err)
	}
	must(t, c.dir.SetActive(ctx, operator, "li", true))
	must(t, c.dir.Unlink(ctx, operator, "li"))
	_, err = c.dir.SignInAs(ctx, access.Identity{Issuer: "https://sso.test", Subject: "s-2", Login: "li"}, access.From{})
	must(t, err)
}
