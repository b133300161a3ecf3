package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// refs is what drafts may refer to.
type refs struct {
	orgs    map[string]bool   // codes
	byUSCC  map[string]string // organisation codes
	byName  map[string]string // the same, by Chinese name
	areas   map[string]bool
	classes map[string]string // names by code
}

func loadRefs(ctx context.Context, db querier) (*refs, error) {
	r := &refs{orgs: map[string]bool{}, byUSCC: map[string]string{}, byName: map[string]string{}, areas: map[string]bool{}, classes: map[string]string{}}
	rows, err := db.Query(ctx, `SELECT 'org', code, coalesce(uscc, ''), name_zh FROM onemap.organisation
		UNION ALL SELECT 'area', code, '', '' FROM onemap.area
		UNION ALL SELECT 'class', code, '', name_zh FROM onemap.resource_class`)
	if err != nil {
		return nil, fmt.Errorf("what resources refer to: %w", err)
	}
	var kind, code, uscc, name string
	_, err = pgx.ForEachRow(rows, []any{&kind, &code, &uscc, &name}, func() error {
		switch kind {
		case "org":
			r.orgs[code] = true
			r.byName[name] = code
			if uscc != "" {
				r.byUSCC[uscc] = code
			}
		case "area":
			r.areas[code] = true
		case "class":
			r.classes[code] = name
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("what resources refer to: %w", err)
	}
	return r, nil
}

// check finds the first reference of a draft that leads nowhere.
func (r *refs) check(d Draft) error {
	if d.Provider != "" && !r.orgs[d.Provider] {
		return &layers.InputError{Field: "provider", Value: layers.Short(d.Provider), Remedy: "the code of an organisation"}
	}
	if d.AreaCode != "" && !r.areas[d.AreaCode] {
		return &layers.InputError{Field: "area_code", Value: layers.Short(d.AreaCode), Remedy: "the code of an administrative division"}
	}
	if _, ok := r.classes[d.Class]; d.Class != "" && !ok {
		return &layers.InputError{Field: "class", Value: layers.Short(d.Class), Remedy: "a class of the catalogue: see its list"}
	}
	return nil
}

// organisation finds an organisation by its 统一社会信用代码, its code or its
// Chinese name; "" if there is none.
func (r *refs) organisation(texts ...string) string {
	for _, t := range texts {
		t = strings.TrimSpace(t)
		switch {
		case t == "":
		case r.byUSCC[strings.ToUpper(t)] != "":
			return r.byUSCC[strings.ToUpper(t)]
		case r.orgs[t]:
			return t
		case r.byName[t] != "":
			return r.byName[t]
		}
	}
	return ""
}
