package simulate

import "onemap/layers/simulate/city"

// counts and journeys are raw: they stay outside the map, which shows a
// release of them.
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
