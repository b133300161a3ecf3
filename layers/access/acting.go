package access

import (
	"context"
	"fmt"
	"time"

	"onemap/layers"
)

// System is the scope of a part of onemap that acts where nobody did: a report
// without a key, the end of an alert. It may do and sees what an [Operator]
// may, so hand it to code that knows why, and never to a caller. name stands
// in the audit: "system:open311".
func System(name string) Scope {
	return Scope{s: &scope{person: Person{Login: "system:" + name, Name: name}, operator: true}}
}

// ForOrganisation returns the scope of an organisation itself, for what is sent
// to its own systems: it sees what one of its people with a duty role sees who
// is bound to no grids, and has no role, so that it may do nothing. It returns
// an error wrapping layers.ErrNotFound if there is no such organisation.
func (d *Directory) ForOrganisation(ctx context.Context, code string) (Scope, error) {
	st, err := d.current(ctx)
	if err != nil {
		return Scope{}, err
	}
	if s, ok := st.organisation(code, time.Now()); ok {
		return s, nil
	}
	if st, err = d.poll(ctx, 0); err != nil { // perhaps made a moment ago
		return Scope{}, err
	}
	if s, ok := st.organisation(code, time.Now()); ok {
		return s, nil
	}
	return Scope{}, fmt.Errorf("organisation %q: %w", code, layers.ErrNotFound)
}

// organisation makes the scope of an organisation; false if there is none.
func (st *state) organisation(code string, now time.Time) (Scope, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	org, ok := st.orgs[code]
	if !ok {
		return Scope{}, false
	}
	s := &scope{person: Person{Login: "organisation:" + code, Org: code}, org: org, duty: true, areas: st.geo.allAreas()}
	s.line, s.below = st.lines(code)
	st.giveGrants(s, now)
	return Scope{s: s, via: &via{reasonless: true}}, true
}
