package layers

import (
	"slices"
	"strings"
)

// vocabularies are the values that a text field may have, where they are few
// and the table refuses all others; a test compares them with its constraints.
var vocabularies = map[[2]string][]string{
	{"incident", "state"}: {"reported", "verifying", "self_handled", "registered", "filed", "returned", "disputed", "dispatched", "handling", "suspended",
		"feedback", "checking", "checked", "closed", "rejected", "void", "merged"},
	{"asset", "state"}:         {"intact", "damaged", "lost", "abandoned", "removed"},
	{"enterprise", "state"}:    {"open", "closed", "suspended"},
	{"place", "state"}:         {"ready", "limited", "out_of_service"},
	{"hazard", "state"}:        {"found", "registered", "rectifying", "rectified", "rechecking", "rechecked", "closed", "void"},
	{"grid_community", "kind"}: {"general", "dedicated", "micro"},
	{"fence", "kind"}:          {"temporary", "site"},
	{"fire_risk", "kind"}:      {"enterprise", "building"},
	{"place", "kind"}:          {"hydrant", "fire_station", "police_station", "shelter", "hospital", "camera", "depot", "other"},
}

// Vocabulary returns the values that a field of the layer may have; nil where
// they are not a closed list.
func (l Layer) Vocabulary(field string) []string { return vocabularies[[2]string{l.Name, field}] }

// CheckValues returns an [InputError] that names param for the first of the
// values that no row's field can have: an empty answer would look like a fact.
func (l Layer) CheckValues(param, field string, values []string) error {
	if field == "class_code" {
		for _, v := range values {
			if len(v) > 24 || strings.ContainsFunc(v, notOfAClass) {
				return &InputError{Field: param, Value: shortened(v), Remedy: "a class's code: 1 to 24 letters, digits, dots, underscores and hyphens"}
			}
		}
	}
	allowed := l.Vocabulary(field)
	for _, v := range values {
		if allowed != nil && !slices.Contains(allowed, v) {
			return &InputError{Field: param, Value: shortened(v), Remedy: "one of " + strings.Join(allowed, ", ") + " for layer " + l.Name}
		}
	}
	return nil
}

func notOfAClass(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '.' && r != '_' && r != '-'
}

// shortened cuts a value for an error message.
func shortened(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
