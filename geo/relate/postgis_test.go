package relate_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"onemap/geo/relate"
	"onemap/layers/layerstest"
)

// maker draws small geometries on a grid of few places, so that they often
// share points and edges.
type maker struct {
	*rand.Rand
	step float64
}

func (m maker) point() orb.Point {
	return orb.Point{120 + m.step*float64(m.IntN(6)), 29 + m.step*float64(m.IntN(6))}
}

func (m maker) line() orb.LineString {
	l := make(orb.LineString, 2+m.IntN(4))
	for i := range l {
		l[i] = m.point()
	}
	return l
}

func (m maker) polygon() orb.Polygon {
	ring := func(n int) orb.Ring {
		r := make(orb.Ring, 0, n+1)
		for range n {
			r = append(r, m.point())
		}
		return append(r, r[0])
	}
	p := orb.Polygon{ring(3 + m.IntN(3))}
	if m.IntN(3) == 0 { // a box, which may well have a hole
		a, b := m.point(), m.point()
		box := orb.MultiPoint{a, b}.Bound()
		p = box.ToPolygon()
		p = append(p, ring(3))
	}
	return p
}

func (m maker) geometry() orb.Geometry {
	switch m.IntN(7) {
	case 0:
		return m.point()
	case 1:
		return orb.MultiPoint{m.point(), m.point(), m.point()}
	case 2:
		return m.line()
	case 3:
		return orb.MultiLineString{m.line(), m.line()}
	case 4:
		return orb.MultiPolygon{m.polygon(), m.polygon()}
	}
	return m.polygon()
}

// What is valid, and how two geometries stand to each other, is what PostGIS
// says. Lines that cross themselves are left out: GEOS computes the crossing
// points of a geometry with itself in float64 and then no longer sees that
// another line runs along one of its edges, and may even fail (side location
// conflict). Where coordinates are decimal fractions, few answers may differ,
// for the same reason: an edge through the rounded place of a corner.
func TestAsPostGIS(t *testing.T) {
	db := layerstest.DB(t)
	for _, tt := range []struct {
		step float64
		most int // answers of 40,000 that may differ
	}{{1, 0}, {1.0 / 1024, 0}, {1e-7, 40}} {
		step := tt.step
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			m := maker{rand.New(rand.NewPCG(3, uint64(1/step))), step}
			all := make([]orb.Geometry, 2000)
			texts := make([]string, len(all))
			for i := range all {
				all[i] = m.geometry()
				texts[i] = wkt.MarshalString(all[i])
			}
			valid := []orb.Geometry{}
			rows, err := db.Query(t.Context(), `SELECT i, ST_IsValid(ST_GeomFromText(g)), ST_IsValidReason(ST_GeomFromText(g)), ST_IsSimple(ST_GeomFromText(g)) FROM unnest($1::text[]) WITH ORDINALITY x (g, i) ORDER BY i`, texts)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var i int
				var ok, simple bool
				var reason string
				if err := rows.Scan(&i, &ok, &reason, &simple); err != nil {
					t.Fatal(err)
				}
				g := all[i-1]
				why := relate.Invalid(g)
				if ok != (why == "") {
					t.Errorf("%s: PostGIS says %q, we %q", texts[i-1], reason, why)
				}
				if ok && simple {
					valid = append(valid, g)
				}
			}
			if rows.Err() != nil || len(valid) < 500 {
				t.Fatalf("%d valid, %v", len(valid), rows.Err())
			}
			var as, bs []string
			var left, right []orb.Geometry
			for range 5_000 {
				a, b := valid[m.IntN(len(valid))], valid[m.IntN(len(valid))]
				left, right = append(left, a), append(right, b)
				as, bs = append(as, wkt.MarshalString(a)), append(bs, wkt.MarshalString(b))
			}
			columns := make([]string, len(relate.Ops))
			for i, op := range relate.Ops {
				columns[i] = "ST_" + op + "(a, b)"
			}
			rows, err = db.Query(t.Context(), `SELECT ARRAY[`+strings.Join(columns, ", ")+`], ST_Relate(a, b) FROM (SELECT i, ST_GeomFromText(a) a, ST_GeomFromText(b) b
				FROM unnest($1::text[], $2::text[]) WITH ORDINALITY x (a, b, i)) x ORDER BY i`, as, bs)
			if err != nil {
				t.Fatal(err)
			}
			wrong, held := 0, map[string]int{}
			for i := 0; rows.Next(); i++ {
				var want []bool
				var matrix string
				if err := rows.Scan(&want, &matrix); err != nil {
					t.Fatal(err)
				}
				for k, op := range relate.Ops {
					got := relate.Holds(op, left[i], right[i])
					if got {
						held[op]++
					}
					if got != want[k] {
						if wrong++; wrong > tt.most && wrong < tt.most+10 {
							t.Errorf("%s(%s, %s): %v, PostGIS %v (%s)", op, as[i], bs[i], got, want[k], matrix)
						}
					}
				}
			}
			if rows.Err() != nil {
				t.Fatal(rows.Err())
			}
			t.Logf("%d valid; of 5,000 pairs hold %v; %d answers differ", len(valid), held, wrong)
		})
	}
}
