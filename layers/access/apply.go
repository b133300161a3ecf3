package access

import (
	"maps"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/feed"
)

// effect is what a change means for those who hold a Scope.
type effect int

const (
	none   effect = iota // a new session, a failed attempt to sign in
	wake                 // someone may no longer be signed in
	rights               // scopes are other than before
)

// apply takes over changed rows.
func (st *state) apply(changes []feed.Change) (e effect) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, c := range changes {
		e = max(e, st.applyOne(c))
	}
	if e == rights {
		clear(st.scopes)
	}
	return e
}

// applyOne takes over one row. The caller holds mu.
func (st *state) applyOne(c feed.Change) effect {
	if kind, ok := gridTables[c.Table]; ok && c.Schema == "map" {
		st.geo.apply(kind, c)
		return rights
	}
	switch c.Table {
	case "organisation":
		applyRow(st.orgs, c, func(r feed.Row) string { return str(r, "code") }, func(r feed.Row, _ Organisation) Organisation {
			return Organisation{Code: str(r, "code"), Parent: str(r, "parent"), Level: str(r, "level"), Kind: str(r, "kind"),
				AreaCode: str(r, "area_code"), NameZH: str(r, "name_zh"), NameEN: str(r, "name_en"), USCC: str(r, "uscc")}
		})
	case "person":
		same := false
		applyRow(st.people, c, func(r feed.Row) int64 { return num(r, "id") }, func(r feed.Row, before account) account {
			after := account{login: str(r, "login"), name: str(r, "name"), org: str(r, "org"), active: r.Get("active") == true, totp: r.Get("totp") == true}
			same = after == before
			return after
		})
		if same {
			return none
		}
	case "session":
		same := c.Op == feed.Insert || c.Op == feed.Update
		applyRow(st.sessions, c, hashIn("token_hash"), func(r feed.Row, before session) session {
			after := sessionIn(r, before)
			same = same && (c.Op == feed.Insert || after.factor == before.factor && maps.Equal(after.reasons, before.reasons))
			return after
		})
		if same {
			return none
		}
		return wake
	case "api_key":
		same := c.Op == feed.Insert || c.Op == feed.Update
		applyRow(st.keys, c, func(r feed.Row) string { return str(r, "prefix") }, func(r feed.Row, before key) key {
			after := keyIn(r)
			same = same && (c.Op == feed.Insert || after.but(before))
			return after
		})
		if same {
			return none
		}
		return wake
	case "setting":
		if c.New.Ok() && st.set(str(c.New, "key"), jsonIn(c.New, "value")) {
			return wake
		}
		return none
	case "layer_grant":
		applyRow(st.grants, c, func(r feed.Row) int64 { return num(r, "id") }, func(r feed.Row, _ Grant) Grant {
			return Grant{ID: num(r, "id"), Layer: str(r, "layer"), Org: str(r, "org"), Fields: list(r, "fields"), AreaCode: str(r, "area_code"),
				Grids: list(r, "grids"), Request: num(r, "request"),
				Reason: str(r, "reason"), GrantedBy: str(r, "granted_by"), GrantedAt: at(r, "granted_at"),
				EndsAt: at(r, "ends_at"), RevokedAt: at(r, "revoked_at")}
		})
	case "person_role":
		applyMember(st.roles, c, func(r feed.Row) Role { return Role(str(r, "role")) })
	case "person_grid":
		applyMember(st.duty, c, func(r feed.Row) string { return str(r, "grid_code") })
	case "area":
		st.geo.applyArea(c)
	}
	return rights // those of layer and layer_field too: they are not kept here, but asked for with every layer
}

// applyRow sets or drops a row in a map. The old row is dropped by its key
// where the log names it: on deletion, and where the key itself changed.
func applyRow[K comparable, V any](rows map[K]V, c feed.Change, key func(feed.Row) K, value func(r feed.Row, before V) V) {
	if c.Op == feed.Truncate {
		clear(rows)
		return
	}
	if c.Old.Ok() && (!c.New.Ok() || key(c.Old) != key(c.New)) {
		delete(rows, key(c.Old))
	}
	if c.New.Ok() {
		k := key(c.New)
		rows[k] = value(c.New, rows[k])
	}
}

// applyMember adds or removes one of the things that a person has several of.
// The tables' keys are person and thing, so the old row is always named.
func applyMember[V comparable](members map[int64][]V, c feed.Change, thing func(feed.Row) V) {
	if c.Op == feed.Truncate {
		clear(members)
		return
	}
	if c.Old.Ok() {
		id := num(c.Old, "person")
		// Not in place: a scope may hold the list.
		members[id] = slices.DeleteFunc(slices.Clone(members[id]), func(v V) bool { return v == thing(c.Old) })
	}
	if c.New.Ok() {
		id := num(c.New, "person")
		if v := thing(c.New); !slices.Contains(members[id], v) {
			members[id] = append(slices.Clone(members[id]), v)
		}
	}
}

func (g *geography) apply(kind gridKind, c feed.Change) {
	if c.Op == feed.Truncate {
		g.clearGrids(kind)
		return
	}
	if c.Old.Ok() {
		g.dropGrid(kind, num(c.Old, "id"))
	}
	if !c.New.Ok() || c.New.Get("valid_to") != nil {
		return
	}
	b, ok := c.New.Bound("geom")
	if !ok {
		b = nowhere
	}
	g.setGrid(kind, num(c.New, "id"), grid{code: str(c.New, "grid_code"), duty: str(c.New, "duty_code"), community: str(c.New, "community_code"), bound: b})
}

func (g *geography) applyArea(c feed.Change) {
	if c.Op == feed.Truncate {
		g.clearAreas()
		return
	}
	if c.Old.Ok() {
		g.dropArea(str(c.Old, "code"))
	}
	if c.New.Ok() {
		mp, _ := c.New.Get("geom").(orb.MultiPolygon)
		g.setArea(newArea(str(c.New, "code"), str(c.New, "level"), mp))
	}
}

// outlineMissing says whether a change leaves an area's outline open: an update
// that did not touch it may not bring it, and the old row is not in the log.
func outlineMissing(c feed.Change) bool {
	return c.Schema == "onemap" && c.Table == "area" && c.Op == feed.Update && c.New.Get("geom") == nil
}

func str(r feed.Row, column string) string { s, _ := r.Get(column).(string); return s }
func num(r feed.Row, column string) int64  { n, _ := r.Get(column).(int64); return n }
func at(r feed.Row, column string) time.Time {
	t, _ := r.Get(column).(time.Time)
	return t
}

// list reads an array of texts, nil for NULL. One that cannot be read is empty:
// it gives nothing.
func list(r feed.Row, column string) []string {
	v := r.Get(column)
	if v == nil {
		return nil
	}
	texts, ok := v.([]string)
	if !ok || texts == nil {
		return []string{}
	}
	return texts
}

// hashIn reads a SHA-256. One of another length, which the tables forbid, is
// one that nothing has.
func hashIn(column string) func(feed.Row) tokenHash {
	return func(r feed.Row) tokenHash {
		b, _ := r.Get(column).([]byte)
		if len(b) != len(tokenHash{}) {
			return tokenHash{}
		}
		return tokenHash(b)
	}
}
