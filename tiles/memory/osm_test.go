package memory_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
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
