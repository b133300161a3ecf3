package access

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"onemap/layers/layerstest"
)

// star makes an outline of many points with a hole and a second part, so that
// runs, holes and parts all matter.
func star(rnd *rand.Rand, points int) orb.MultiPolygon {
	ring := func(x, y, r float64) orb.Ring {
		out := make(orb.Ring, 0, points+1)
		for i := range points {
			a := 2 * math.Pi * float64(i) / float64(points)
			d := r * (0.7 + 0.3*rnd.Float64())
			out = append(out, orb.Point{x + d*math.Cos(a), y + d*math.Sin(a)})
		}
		return append(out, out[0])
	}
	hole := ring(120, 29, 0.25)
	hole.Reverse()
	return orb.MultiPolygon{{ring(120, 29, 1), hole}, {ring(122.5, 29, 0.6)}}
}

// What an outline is sure of, PostGIS finds too; and it is sure of most boxes
// that are not on the edge.
func TestOutlineAgainstPostGIS(t *testing.T) {
	db := layerstest.DB(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, points := range []int{3, 15, 16, 17, 400} {
		mp := star(rnd, points)
		b, err := wkb.Marshal(mp)
		if err != nil {
			t.Fatal(err)
		}
		o := newOutline(mp)
		sure, must := 0, 0
		const boxes = 400
		var x0, y0, x1, y1 [boxes]float64
		var got [boxes]relation
		for i := range boxes {
			x, y := 118.5+5*rnd.Float64(), 27.7+2.6*rnd.Float64()
			size := math.Pow(10, -4*rnd.Float64())
			x0[i], y0[i], x1[i], y1[i] = x, y, x+size, y+size
			got[i] = o.relation(orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + size, y + size}})
		}
		rows, err := db.Query(t.Context(), `SELECT ST_Covers(g, b), NOT ST_Intersects(g, b)
			FROM (SELECT ST_GeomFromWKB(decode($1, 'hex'), 4326) g) g,
			     unnest($2::float8[], $3::float8[], $4::float8[], $5::float8[]) WITH ORDINALITY AS u (a, b1, c, d, n),
			     LATERAL (SELECT ST_MakeEnvelope(a, b1, c, d, 4326) b) e ORDER BY n`,
			hex.EncodeToString(b), x0[:], y0[:], x1[:], y1[:])
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; rows.Next(); i++ {
			var in, out bool
			if err := rows.Scan(&in, &out); err != nil {
				t.Fatal(err)
			}
			if got[i] == covers && !in || got[i] == apart && !out {
				t.Errorf("%d points, box %v %v %v %v: %v; PostGIS covers %v, apart %v", points, x0[i], y0[i], x1[i], y1[i], got[i], in, out)
			}
			if in || out {
				must++
				if got[i] != unsure {
					sure++
				}
			}
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		if sure < must*99/100 {
			t.Errorf("%d points: sure of %d of %d boxes", points, sure, must)
		}
	}
}

func TestOutlineEdges(t *testing.T) {
	square := newOutline(orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}}})
	for _, tt := range []struct {
		name string
		b    orb.Bound
		want relation
	}{
		{"well inside", orb.Bound{Min: orb.Point{0.1, 0.1}, Max: orb.Point{0.9, 0.9}}, covers},
		{"a point inside", orb.Bound{Min: orb.Point{0.5, 0.5}, Max: orb.Point{0.5, 0.5}}, covers},
		{"the same square", orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}, unsure},
		{"touching from inside", orb.Bound{Min: orb.Point{0.5, 0.5}, Max: orb.Point{1, 0.6}}, unsure},
		{"touching from outside", orb.Bound{Min: orb.Point{1, 0.5}, Max: orb.Point{2, 0.6}}, unsure},
		{"around it", orb.Bound{Min: orb.Point{-1, -1}, Max: orb.Point{2, 2}}, unsure},
		{"beside it", orb.Bound{Min: orb.Point{1.1, 0}, Max: orb.Point{2, 1}}, apart},
	} {
		if got := square.relation(tt.b); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	empty := newOutline(nil)
	if got := empty.relation(orb.Bound{Max: orb.Point{1, 1}}); got != unsure {
		t.Errorf("no outline: %v", got)
	}
}

// Outlines that overlap or do not nest decide nothing.
func TestAreasInDoubt(t *testing.T) {
	sq := func(x0, x1 float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{x0, 0}, {x1, 0}, {x1, 1}, {x0, 1}, {x0, 0}}}}
	}
	as := newAreas([]area{
		newArea("33", "province", sq(-9, 9)),
		newArea("330000", "province", sq(-9, 9)), // by the books, and no prefix of its towns
		newArea("3307", "county", sq(0, 3)),
		newArea("3307001", "town", sq(0, 2)),
		newArea("3307002", "town", sq(1, 3)), // overlaps
		newArea("3307003", "town", sq(5, 6)), // outside its county
		newArea("3307004", "town", nil),
	})
	at := func(x float64) orb.Bound {
		return orb.Bound{Min: orb.Point{x, 0.4}, Max: orb.Point{x + 0.1, 0.5}}
	}
	for _, tt := range []struct {
		name, code string
		x          float64
		want       relation
	}{
		{"own ground", "3307001", 0.5, covers},
		{"ground that two claim", "3307001", 1.5, unsure},
		{"the other's ground", "3307001", 2.5, apart},
		{"the county knows both", "3307", 1.5, covers},
		{"a part beyond the county", "3307", 5.5, unsure},
		{"away from county and parts", "3307", 8, apart},
		{"half a code", "330700", 0.5, unsure},
		{"no outline", "3307004", 0.5, unsure},
		{"unknown", "99", 0.5, unsure},
	} {
		if got := as.relation(tt.code, at(tt.x)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []area
	for i := range 40 {
		a := newArea("330782"+string(rune('a'+i)), "town", star(rnd, 2000))
		all = append(all, a)
	}
	as := newAreas(all)
	box := orb.Bound{Min: orb.Point{120.4, 29.1}, Max: orb.Point{120.41, 29.11}}
	b.ReportAllocs()
	for b.Loop() {
		as.relation("330782a", box)
	}
}
