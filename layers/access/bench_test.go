package access_test

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// What a tile of one layer costs before the cache is asked: session, right,
// reduced to the tile, fingerprint.
func BenchmarkTileRight(b *testing.B) {
	for _, grids := range []int{0, 1, 200} {
		b.Run(fmt.Sprintf("grids=%d", grids), func(b *testing.B) {
			d := access.NewDirectory(nil)
			token := access.FillForBenchmark(d, grids)
			d.Follow(func() feed.Status { return feed.Status{State: feed.Live} })
			l := testLayer("incident", layers.Unconditional, "urban")
			box := orb.Bound{Min: orb.Point{120.1, 29.1}, Max: orb.Point{120.11, 29.11}}
			b.ReportAllocs()
			for b.Loop() {
				s, err := d.Session(b.Context(), token)
				if err != nil {
					b.Fatal(err)
				}
				r, _ := s.Layer(l)
				r.At(box, l).Fingerprint()
			}
		})
	}
}
