package layers_test

import (
	"errors"
	"regexp"
	"slices"
	"testing"

	"onemap/layers"
	"onemap/layers/layerstest"
)

// Each closed list is what the table's constraint allows, and each constraint
// on a field that filters ask for has its list.
func TestVocabulariesAreTheTablesConstraints(t *testing.T) {
	db := layerstest.DB(t)
	rows, err := db.Query(t.Context(), `SELECT c.relname, a.attname, pg_get_constraintdef(k.oid)
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
		WHERE k.contype = 'c' AND cardinality(k.conkey) = 1 AND c.relnamespace = 'map'::regnamespace AND a.attname IN ('state', 'kind')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var table, column, def string
		if err := rows.Scan(&table, &column, &def); err != nil {
			t.Fatal(err)
		}
		n++
		var want []string
		for _, m := range regexp.MustCompile(`'([^']*)'::text`).FindAllStringSubmatch(def, -1) {
			want = append(want, m[1])
		}
		if got := (layers.Layer{Name: table}).Vocabulary(column); !slices.Equal(got, want) {
			t.Errorf("%s.%s: %q, the table has %q", table, column, got, want)
		}
	}
	if err := rows.Err(); err != nil || n < 6 {
		t.Errorf("%d constraints, %v", n, err)
	}
}

func TestCheckValues(t *testing.T) {
	for _, tt := range []struct {
		layer, field, value string
		good                bool
	}{
		{"incident", "state", "closed", true}, {"incident", "state", "nosuch", false}, {"incident", "state", "Closed", false}, {"asset", "state", "closed", false},
		{"incident", "class_code", "06010", true}, {"incident", "class_code", "a b", false}, {"incident", "class_code", "1234567890123456789012345", false},
		{"base_road", "class", "anything at all", true}, {"place", "kind", "tree", false}, {"inspection", "kind", "yearly", true},
	} {
		err := layers.Layer{Name: tt.layer}.CheckValues("query.x", tt.field, []string{tt.value})
		if input := (*layers.InputError)(nil); (err == nil) != tt.good || err != nil && (!errors.As(err, &input) || input.Field != "query.x" || input.Value == "" || input.Remedy == "") {
			t.Errorf("%s.%s = %q: %v", tt.layer, tt.field, tt.value, err)
		}
	}
}
