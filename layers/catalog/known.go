package catalog

import (
	"slices"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// A viewer is a caller with what they may see of each layer.
type viewer struct {
	by     access.Scope
	staff  bool
	all    bool // keeps or watches the whole catalogue: administrators, security administrators and auditors
	layers map[string]layers.Layer

	grants map[int64][]string // of all resources that are no layers, item keys by resource; nil: not read
}

func newViewer(by access.Scope, all []layers.Layer) *viewer {
	v := &viewer{by: by, layers: make(map[string]layers.Layer, len(all))}
	_, v.staff = by.Person()
	v.all = by.Has(access.Administrator, access.SecurityAdministrator, access.Auditor)
	for _, l := range all {
		v.layers[l.Name] = l
	}
	return v
}

// head is what decides who may know of a resource and who may see it.
type head struct {
	layer, provider, share, knownTo string
	open, published, withdrawn      bool
}

func (r *Resource) head() head {
	return head{r.Layer, r.Provider, r.Share, r.KnownTo, r.Open, r.PublishedOn != "", r.WithdrawnAt != nil}
}

// knows says whether the viewer may know that a resource exists.
//
//	who                                   resources
//	------------------------------------  ------------------------------------------
//	provider's line, the administrators   all, drafts and withdrawn ones too
//	and auditors
//	anyone                                known to the public, or open to it
//	staff                                 known to staff; withdrawn ones too: they may have used them
//	whoever sees its content              it
func (v *viewer) knows(h head) bool {
	if v.all || v.by.ActsFor(h.provider) {
		return true
	}
	if !h.published || h.withdrawn && !v.staff {
		return false
	}
	switch {
	case h.knownTo == KnownToPublic || h.open && h.share == layers.Unconditional:
		return true
	case h.knownTo == KnownToStaff && v.staff:
		return true
	}
	return v.sees(h) != SeeNone
}

// sees says how much of a resource's content the viewer may see, without what
// was granted of one that is no layer.
func (v *viewer) sees(h head) string {
	if h.layer != "" {
		l, ok := v.layers[h.layer]
		if !ok {
			return SeeNone
		}
		right, visible := v.by.Layer(l)
		return sightOf(l, right, visible)
	}
	switch {
	case v.by.ActsFor(h.provider):
		return SeeAll
	case h.withdrawn:
		return SeeNone
	case h.share == layers.Unconditional && (v.staff || h.open):
		return SeeAll
	}
	return SeeNone
}

func sightOf(l layers.Layer, right access.Right, visible bool) string {
	switch {
	case !visible || where.IsFalse(right.Where) || len(fieldsOf(right)) == 0:
		return SeeNone
	case where.IsTrue(right.Where) && len(right.Fields) == len(l.Fields):
		return SeeAll
	}
	return SeePart
}

// fieldsOf are the fields that a right shows on at least some rows.
func fieldsOf(right access.Right) []string {
	fields := slices.Clone(right.Fields)
	for _, m := range right.More {
		for _, f := range m.Fields {
			if !slices.Contains(fields, f) {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// mayEdit says whether the viewer keeps a provider's resources: its line's data
// officers do, and administrators, who keep the catalogue.
func mayEdit(by access.Scope, provider string) bool {
	return by.Has(access.Administrator) || by.Has(access.DepartmentOfficer) && by.ActsFor(provider)
}
