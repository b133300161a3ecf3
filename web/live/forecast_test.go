package live

import (
	"slices"
	"testing"
)

// A run of 15,000 cells, which takes the place of another one in the same
// transaction, is one change to whoever looks at the layer, not 30,000.
func TestAForecastIsOneChange(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "forecast", BBox: []float64{100, 0, 103, 10}})
	cells := `INSERT INTO map.forecast (run, cell, rank, expected, low, high, share, density, area_m2, from_at, to_at, geom, grid_code, area_code)
		SELECT $1, i, i + 1, 0.1, 0, 1, 0, 1, 1, now(), now(), ST_Multi(ST_MakeEnvelope(x, y, x + 0.02, y + 0.02, 4326)), 'g', ''
		FROM (SELECT i, 100 + (i % 150) * 0.02 AS x, 5 + (i / 150) * 0.02 AS y FROM generate_series(0, 14999) i) c`
	r.exec(cells, 1)
	if got := tell(c.events(1)); !slices.Equal(got, []string{"[forecast][100 5 103 7]"}) {
		t.Errorf("%v", got)
	}
	r.exec(`WITH old AS (UPDATE map.forecast SET current = false) `+cells, 2)
	if got := tell(c.events(1)); !slices.Equal(got, []string{"[forecast][100 5 103 7]"}) {
		t.Errorf("the next run: %v", got)
	}
	r.wait(r.exec(`DELETE FROM map.forecast`))
	if got := tell(c.events(1)); len(got) != 1 {
		t.Errorf("taken away: %v", got)
	}
}
