package tilefeed

import (
	"fmt"
	"slices"

	"onemap/layers"
	"onemap/tiles/memory"
)

// A plan is what is kept of one layer, and how it is read from its table: by
// COPY and from the log alike, in the binary form of the columns' types.
type plan struct {
	def     layers.Layer
	mark    string // the table's, see [layers.Table]
	layer   memory.Layer
	columns []string        // id, geom, then the fields in the order of layer.Fields
	types   []uint32        // of the columns
	unseen  map[string]bool // fields that tiles do not show and that are not kept
	id      decoder
	fields  []decoder
}

// planOf plans what to keep of a layer. Where it cannot be kept so that its
// tiles equal those of PostGIS, plan is nil and why says it.
func planOf(l layers.Layer, t layers.Table) (p *plan, why string) {
	if t.Why != "" {
		return nil, t.Why
	}
	p = &plan{def: l, mark: t.Mark, unseen: map[string]bool{}, layer: memory.Layer{
		Name: l.Name, Version: l.Version, Geometry: l.Geometry,
		MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, DetailZoom: l.DetailZoom,
		Budget: l.TileBudget, HideBelow: hideBelow(l), Coverage: l.Subject == "base", Shared: shared(l),
	}}
	id, ok := t.Column("id")
	if p.id = decoderOf("integer", id); !ok || p.id == nil {
		return nil, "it has no whole numbers as id"
	}
	geom, ok := t.Column("geom")
	if !ok || geom.Base != "geometry" || !geom.Logged {
		return nil, "it has no geometry geom"
	}
	p.columns, p.types = []string{"id", "geom"}, []uint32{id.Type, geom.Type}
	for _, f := range l.Fields {
		if f.Name == "id" {
			continue
		}
		if !f.InTile && !mayBeAsked(l, f.Name) {
			p.unseen[f.Name] = true
			continue
		}
		c, ok := t.Column(f.Name)
		if !ok {
			return nil, fmt.Sprintf("its table has no column %s", f.Name)
		}
		d := decoderOf(f.Type, c)
		switch {
		case d == nil && f.InTile:
			return nil, fmt.Sprintf("column %s cannot be read as %s from the log", f.Name, f.Type)
		case d == nil:
			p.unseen[f.Name] = true
			continue // conditions on it go to PostGIS
		}
		p.layer.Fields = append(p.layer.Fields, memory.Field{Name: f.Name, Type: f.Type, InTile: f.InTile})
		p.columns, p.types, p.fields = append(p.columns, f.Name), append(p.types, c.Type), append(p.fields, d)
		switch f.Name {
		case l.ClassField:
			p.layer.ClassField = f.Name
		case l.RankField:
			p.layer.RankField = f.Name
		}
	}
	if l.ClassField != p.layer.ClassField || l.RankField != p.layer.RankField {
		return nil, "its class or rank field is not among its fields"
	}
	return p, ""
}

// mayBeAsked says whether rights, filters or counts ask for a field so often
// that it is kept though tiles do not show it. Other conditions go to PostGIS.
func mayBeAsked(l layers.Layer, field string) bool {
	return slices.Contains([]string{"grid_code", "area_code", l.DeptField, l.TimeField, l.ClassField, l.RankField}, field)
}

// hideBelow reads the zooms from which on classes are drawn from a layer's style.
func hideBelow(l layers.Layer) map[string]float64 {
	from, ok := l.Style["class_minzoom"].(map[string]any)
	if !ok {
		return nil
	}
	out := map[string]float64{}
	for class, z := range from {
		if z, ok := z.(float64); ok {
			out[class] = z
		}
	}
	return out
}

// shared says whether a layer's polygons lie side by side, so that neighbours
// have a border in common.
func shared(l layers.Layer) bool {
	return l.Subject == "grid" || l.Name == "base_boundary" || l.Name == "base_landuse"
}
