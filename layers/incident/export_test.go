package incident

import "onemap/layers/access"

// Possible is what Act asks of the table before it does anything.
func Possible(scope access.Scope, i Incident, do Action) (Transition, error) {
	i.Actions = allowed(scope, i)
	return possible(scope, i, do)
}

// Allowed are the actions shown to the caller.
func Allowed(scope access.Scope, i Incident) []string { return allowed(scope, i) }

// ForgetSettings makes a store read them anew.
func (s *Store) ForgetSettings() { s.kept.kept, s.kept.at = settings{}, s.kept.at.AddDate(-1, 0, 0) }
