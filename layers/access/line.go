package access

import "slices"

// ActsFor says whether an organisation is in the caller's line: their own, or
// one above it of the same kind, for which it acts (rules.go). An operator acts
// for all, the public for none.
func (s Scope) ActsFor(org string) bool {
	if s.s == nil || org == "" {
		return false
	}
	return s.s.operator || slices.Contains(s.s.line, org)
}

// OnDuty says whether the caller has a role that works with data.
func (s Scope) OnDuty() bool { return s.s != nil && (s.s.operator || s.s.duty) }
