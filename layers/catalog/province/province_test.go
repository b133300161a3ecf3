package province

import "testing"

func TestAsManyAsTheDocumentsTellOf(t *testing.T) {
	if n := len(departments); n != Departments {
		t.Errorf("%d departments, want %d", n, Departments)
	}
	all := Drafts()
	items, seen := 0, map[string]bool{}
	for _, d := range all {
		items += len(d.Items)
		key := d.Provider + "/" + d.NameZH
		if seen[key] {
			t.Fatalf("%s is there twice", key)
		}
		seen[key] = true
	}
	if len(all) != Resources || items != Items {
		t.Errorf("%d resources with %d items, want %d with %d", len(all), items, Resources, Items)
	}
}
