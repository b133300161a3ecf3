//go:build !cgo

// With cgo, the reader of OSM files wants a C library that need not be there.

package memory_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"

	"onemap/tiles/memory"
)

// readWays returns the ways with a key of one of the files of ../shared/data/osm.
func readWays(tb testing.TB, file, key string) []orb.LineString {
	tb.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "data", "osm", file+".osm.pbf"))
	if err != nil {
		tb.Skip("no ../shared/data: ", err)
	}
	defer f.Close()
	nodes := map[osm.NodeID]orb.Point{}
	var ways []orb.LineString
	in := osmpbf.New(tb.Context(), f, 1)
	defer in.Close()
	in.SkipRelations = true
	for in.Scan() {
		switch o := in.Object().(type) {
		case *osm.Node:
			nodes[o.ID] = orb.Point{o.Lon, o.Lat}
		case *osm.Way:
			if o.Tags.Find(key) == "" {
				continue
			}
			var line orb.LineString
			for _, n := range o.Nodes {
				if p, ok := nodes[n.ID]; ok {
					line = append(line, p)
				}
			}
			if len(line) > 1 {
				ways = append(ways, line)
			}
		}
	}
	if err := in.Err(); err != nil {
		tb.Fatal(err)
	}
	return ways
}

// BenchmarkShapes cuts tiles of a state's roads and a country's buildings.
func BenchmarkShapes(b *testing.B) {
	for _, tt := range []struct {
		name, file, key string
		at              orb.Point
	}{
		{"roads", "delaware", "highway", orb.Point{-75.55, 39.74}},
		{"buildings", "liechtenstein", "building", orb.Point{9.52, 47.14}},
	} {
		ways := readWays(b, tt.file, tt.key)
		s := memory.New(memory.Options{})
		l := plotLayer()
		l.Coverage = true
		ld := s.Load(l)
		for i, w := range ways {
			if err := ld.Add(plot{id: int64(i), line: w, name: tt.name}.row()); err != nil {
				b.Fatal(err)
			}
		}
		if err := ld.Install(1); err != nil {
			b.Fatal(err)
		}
		for _, z := range []maptile.Zoom{10, 12, 14, 16} {
			at := maptile.At(tt.at, z)
			b.Run(fmt.Sprintf("%s at %d", tt.name, z), func(b *testing.B) {
				n := len(decode(b, ask(b, s, plotRequest(at, false))[0].MVT))
				size := 0
				for b.Loop() {
					size = len(ask(b, s, plotRequest(at, false))[0].MVT)
				}
				b.ReportMetric(float64(n), "features")
				b.ReportMetric(float64(size), "bytes")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(1, n)), "ns/feature")
				b.ReportMetric(float64(s.Bytes())/float64(len(ways)), "bytes/row")
			})
		}
	}
}
