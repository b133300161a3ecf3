package simulate

import (
	"github.com/paulmach/orb"

	"onemap/layers/simulate/city"
)

// population is the protected release of the counts: what may be drawn.
func (l *loader) population() table {
	return table{"population", headed("hour", "n", "density_km2"), 0, func(yield func([]any) bool) {
		n := 0
		for x := range l.city.Population {
			count, ok := protected(x.N)
			if !ok {
				continue
			}
			n++
			at, km2 := l.city.Middle(x.Block)
			if !yield(l.head("population", n, x.Block, at, x.Hour, count, float32(float64(count)/km2))) {
				return
			}
		}
	}}
}

// flows is the protected release of the journeys, as lines from middle to middle.
func (l *loader) flows() table {
	return table{"population_od", headed("hour", "from_grid", "to_grid", "n"), 0, func(yield func([]any) bool) {
		n := 0
		for x := range l.city.Flows {
			count, ok := protected(x.N)
			if !ok {
				continue
			}
			n++
			from, _ := l.city.Middle(x.From)
			to, _ := l.city.Middle(x.To)
			a, _ := l.city.Grid(x.From)
			b, _ := l.city.Grid(x.To)
			if !yield(l.head("flow", n, x.From, orb.LineString{from, to}, x.Hour, a, b, count)) {
				return
			}
		}
	}}
}

// counts and journeys are raw: they stay outside the map.
func (l *loader) counts() table {
	return table{"population_count", []string{"source", "grid_code", "hour", "n"}, 0, each(l.city.Population, func(_ int, x city.Count) []any {
		grid, _ := l.city.Grid(x.Block)
		return []any{Source, grid, x.Hour, int32(x.N)}
	})}
}

func (l *loader) journeys() table {
	return table{"population_flow", []string{"source", "from_grid", "to_grid", "hour", "n"}, 0, each(l.city.Flows, func(_ int, x city.Flow) []any {
		a, _ := l.city.Grid(x.From)
		b, _ := l.city.Grid(x.To)
		return []any{Source, a, b, x.Hour, int32(x.N)}
	})}
}
