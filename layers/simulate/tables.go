package simulate

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"onemap/layers/simulate/city"
)

const crs = "CGCS2000"

// head is the part that all layers have.
var head = []string{"id", "source_key", "grid_code", "area_code", "crs", "geom"}

// headed puts the common columns before a layer's own.
func headed(own ...string) []string { return append(slices.Clone(head), own...) }

// head returns the values of the common columns for the n-th row of a table.
func (l *loader) head(table string, n, block int, geom any, own ...any) []any {
	grid, area := l.city.Grid(block)
	return append([]any{int64(n), fmt.Sprintf("%s:%s:%d", Source, table, n), grid, area, crs, geom}, own...)
}

// date is nil for a day that never was.
func date(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// tables returns what goes into each table of the map.
func (l *loader) tables() []table {
	c := l.city
	nodes, links := c.Network()
	return []table{
		{"base_landuse", headed("name", "class"), 0, each(slices.Values(c.LandUse()), func(n int, a city.Area) []any {
			return l.head("landuse", n, a.Block, a.Outline, a.Name, a.Class)
		})},
		{"base_water", headed("name", "class"), 0, each(slices.Values(c.Water()), func(n int, a city.Area) []any {
			return l.head("water", n, a.Block, a.Outline, a.Name, a.Class)
		})},
		{"base_waterway", headed("name", "class"), 0, each(slices.Values(c.Waterways()), func(n int, w city.Waterway) []any {
			return l.head("waterway", n, w.Block, w.Line, w.Name, w.Class)
		})},
		{"base_boundary", headed("name", "name_en", "level", "code"), 0, each(slices.Values(c.Divisions()), func(n int, a city.Area) []any {
			return l.head("boundary", n, a.Block, a.Outline, a.Name, a.NameEN, int16(a.Level), a.Code)
		})},
		{"base_building", headed("name", "class", "levels", "height_m", "address"), 0, each(slices.Values(c.Buildings()), func(n int, b city.Building) []any {
			return l.head("building", n, b.Block, b.Outline, b.Name, b.Class, int16(b.Levels), float32(b.HeightM), b.Address())
		})},
		{"base_address", headed("street", "number", "place", "postcode"), 0, each(l.addressed(), func(n int, b city.Building) []any {
			return l.head("address", n, b.Block, b.Door, b.Street, fmt.Sprintf("%d号", b.Number), c.PlaceName(b.Block), "322000")
		})},
		{"base_poi", headed("name", "name_en", "class", "address"), 0, each(slices.Values(c.POIs()), func(n int, p city.POI) []any {
			return l.head("poi", n, p.Block, p.At, p.Name, p.NameEN, p.Class, p.Address)
		})},
		{"base_road", headed("name", "name_en", "class", "ref", "bridge", "layer", "maxspeed_kmh"), 0, each(slices.Values(c.Roads()), func(n int, r city.Road) []any {
			level := int16(0)
			if r.Bridge {
				level = 1
			}
			return l.head("road", n, r.Block, r.Line, r.Name, r.NameEN, r.Class, r.Ref, r.Bridge, level, float32(r.SpeedKMH))
		})},
		{"road_node", []string{"id", "geom"}, 0, each(slices.Values(nodes), func(_ int, x city.Crossing) []any {
			return []any{int64(x.ID), x.At}
		})},
		{"road_edge", []string{"id", "road", "source", "target", "length_m", "cost", "reverse_cost", "foot_cost", "class", "geom"}, 0,
			each(slices.Values(links), func(_ int, x city.Link) []any {
				car, foot := x.LengthM/(city.TrafficKMH(x.Class)/3.6), x.LengthM/(5/3.6)
				if x.Class == "motorway" {
					foot = -1 // closed to people on foot
				}
				return []any{int64(x.ID), int64(x.Road), int64(x.From), int64(x.To), x.LengthM, car, car, foot, x.Class, x.Line}
			})},
		l.grids("grid_unit", c.UnitGrids(), "duty_code", "community_code"),
		l.grids("grid_duty", c.DutyGrids(), "community_code"),
		l.grids("grid_community", c.CommunityGrids()),
		{"asset", headed("code", "class_standard", "class_code", "name", "dept_code", "state", "surveyed_on", "changed_on"), c.Amounts().Assets,
			each(c.Assets, func(n int, a city.Asset) []any {
				return l.head("asset", n, a.Block, a.At, a.Code, city.Standard, a.Class, a.Name, a.Dept, a.State, a.Surveyed, date(a.Changed))
			})},
		{"enterprise", headed("uscc", "licence", "name", "industry", "address", "risk", "state", "last_inspected_on", "next_due_on", "dept_code"), c.Amounts().Enterprises,
			each(c.Enterprises, func(n int, e city.Enterprise) []any {
				return l.head("enterprise", n, e.Block, e.At, e.USCC, e.USCC, e.Name, e.Industry, e.Address, int16(e.Risk), e.State, date(e.LastInspected), date(e.NextDue), e.Dept)
			})},
		{"inspection", headed("enterprise", "licence", "name", "inspected_on", "kind", "result", "risk", "critical", "serious", "minor", "dept_code"), 0, l.inspections()},
		{"place", headed("kind", "name", "capacity", "dept_code", "state"), 0, each(slices.Values(c.Places()), func(n int, p city.Place) []any {
			var capacity any
			if p.Capacity > 0 {
				capacity = int32(p.Capacity)
			}
			return l.head("place", n, p.Block, p.At, p.Kind, p.Name, capacity, p.Dept, p.State)
		})},
		{"worker", headed("person", "name", "org", "accuracy_m", "seen_at"), 0, l.onDuty()},
		l.incidents(),
	}
}

func (l *loader) grids(name string, grids []city.Grid, own ...string) table {
	return table{name, append([]string{"id", "source_key", "grid_code", "name", "area_code", "area_class", "valid_from", "crs", "geom"}, own...), 0,
		each(slices.Values(grids), func(n int, g city.Grid) []any {
			row := []any{int64(n), fmt.Sprintf("%s:%s:%d", Source, name, n), g.Code, g.Name, g.AreaCode, g.AreaClass, l.city.FirstDay(), crs, g.Outline}
			for _, c := range own {
				row = append(row, map[string]string{"duty_code": g.Duty, "community_code": g.Cell}[c])
			}
			return row
		})}
}

func (l *loader) addressed() iter.Seq[city.Building] {
	return func(yield func(city.Building) bool) {
		for _, b := range l.city.Buildings() {
			if b.Street != "" && !yield(b) {
				return
			}
		}
	}
}

func (l *loader) inspections() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		enterprise, n := 0, 0
		for e := range l.city.Enterprises {
			enterprise++
			for _, v := range e.Inspections {
				n++
				if !yield(l.head("inspection", n, e.Block, e.At, int64(enterprise), e.USCC, e.Name, v.On, v.Kind, v.Result, int16(e.Risk),
					int32(v.Critical), int32(v.Serious), int32(v.Minor), v.Dept)) {
					return
				}
			}
		}
	}
}

func (l *loader) onDuty() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		n := 0
		for i, w := range l.city.Workers() {
			id, known := l.persons[w.Login]
			if !w.OnDuty || !known {
				continue
			}
			n++
			if !yield(l.head("worker", n, w.Block, l.city.Stand(w.Block, "worker", i), id, w.Name, w.Org, float32(8), l.city.Now)) {
				return
			}
		}
	}
}

// truthJSON is what onemap.setting keeps of the incidents' making.
func (l *loader) truthJSON() ([]byte, error) { return json.Marshal(l.city.Truth()) }
