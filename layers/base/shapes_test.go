package base_test

import (
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"onemap/layers/layerstest"
)

// The tests' picture is a board of 100 by 100 nodes a thousandth of a degree
// apart: node 1203 is 12 to the east and 3 to the north of (120, 30).

// osmFile writes an extract of these objects and of the nodes that they use.
// Ways and nodes are added with way and node; lost are nodes that are not in
// the file.
type osmFile struct {
	t       *testing.T
	nodes   map[int]string
	lost    map[int]bool
	objects strings.Builder
	board   int // of several beside each other; 0 unless the test counts it up
}

// Objects of the boards are numbered apart.
func (f *osmFile) nodeID(id int) int   { return f.board*10_000 + id }
func (f *osmFile) objectID(id int) int { return f.board*100 + id }

func newOSM(t *testing.T) *osmFile {
	return &osmFile{t: t, nodes: map[int]string{}, lost: map[int]bool{}}
}

// tags writes "highway=primary name=Main_Street" as XML.
func (f *osmFile) tags(s string) string {
	var b strings.Builder
	for kv := range strings.FieldsSeq(s) {
		k, v, _ := strings.Cut(kv, "=")
		b.WriteString(`<tag k="`)
		xml.EscapeText(&b, []byte(k))
		b.WriteString(`" v="`)
		xml.EscapeText(&b, []byte(strings.ReplaceAll(v, "_", " ")))
		b.WriteString(`"/>`)
	}
	return b.String()
}

func (f *osmFile) node(id int, tags string) { f.nodes[f.nodeID(id)] = f.tags(tags) }

func (f *osmFile) lose(id int) { f.lost[f.nodeID(id)] = true }

func (f *osmFile) way(id int, tags string, nodes ...int) {
	fmt.Fprintf(&f.objects, `<way id="%d" version="1">`, f.objectID(id))
	for _, n := range nodes {
		f.nodes[f.nodeID(n)] += ""
		fmt.Fprintf(&f.objects, `<nd ref="%d"/>`, f.nodeID(n))
	}
	fmt.Fprintf(&f.objects, "%s</way>\n", f.tags(tags))
}

// relation takes members as "outer 12", " 13" (no role).
func (f *osmFile) relation(id int, tags string, members ...string) {
	fmt.Fprintf(&f.objects, `<relation id="%d" version="1">`, f.objectID(id))
	for _, m := range members {
		role, way, _ := strings.Cut(m, " ")
		n, err := strconv.Atoi(way)
		if err != nil {
			f.t.Fatal(err)
		}
		fmt.Fprintf(&f.objects, `<member type="way" ref="%d" role="%s"/>`, f.objectID(n), role)
	}
	fmt.Fprintf(&f.objects, "%s</relation>\n", f.tags(tags))
}

func (f *osmFile) write() string {
	var b strings.Builder
	b.WriteString("<?xml version='1.0' encoding='UTF-8'?>\n<osm version=\"0.6\">\n")
	for id, tags := range f.nodes {
		if !f.lost[id] {
			fmt.Fprintf(&b, `<node id="%d" version="1" lat="%.7f" lon="%.7f">%s</node>`+"\n", id, 30+float64(id%100)/1000, 120+float64(id/100)/1000, tags)
		}
	}
	b.WriteString(f.objects.String() + "</osm>\n")
	path := filepath.Join(f.t.TempDir(), "board.osm")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// Each case is one object or a few that have gone wrong in real extracts, and
// what the base library should make of them: rows as "layer key class area",
// the area in squares of the board.
func TestShapes(t *testing.T) {
	tests := []struct {
		name    string
		draw    func(*osmFile)
		rows    []string
		rejects []string // beginnings of lines
	}{
		{"a closed way is an area", func(f *osmFile) {
			f.way(1, "landuse=forest name=北山林场", 1010, 1510, 1515, 1015, 1010)
		}, []string{"base_landuse osm:w1 forest 25 北山林场"}, nil},
		{"a closed way that says it is no area", func(f *osmFile) {
			f.way(1, "landuse=forest area=no", 1010, 1510, 1515, 1015, 1010)
		}, nil, nil},
		{"an open way is no area", func(f *osmFile) {
			f.way(1, "building=yes", 1010, 1510, 1515, 1015)
		}, nil, []string{"way/1 base_building rejected: the way is not closed"}},
		{"a roundabout is a line", func(f *osmFile) {
			f.way(1, "highway=primary junction=roundabout", 1010, 1510, 1515, 1015, 1010)
		}, []string{"base_road osm:w1 primary 0 "}, nil},
		{"a pedestrian area is a square, a pedestrian street a line", func(f *osmFile) {
			f.way(1, "highway=pedestrian area=yes", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "highway=pedestrian", 2010, 2510, 2515, 2015, 2010)
		}, []string{"base_landuse osm:w1 square 25 ", "base_road osm:w2 pedestrian 0 "}, nil},
		{"a building that is a restaurant with an address is three things", func(f *osmFile) {
			f.way(1, "building=retail amenity=restaurant name=楼外楼 addr:street=孤山路 addr:housenumber=30号", 1010, 1110, 1111, 1011, 1010)
		}, []string{"base_address osm:w1 30号 0 楼外楼", "base_building osm:w1 commercial 1 楼外楼", "base_poi osm:w1 restaurant 0 楼外楼"}, nil},
		{"tags in Arabic", func(f *osmFile) {
			f.node(1010, "amenity=pharmacy name=صيدلية_النور")
		}, []string{"base_poi osm:n1010 pharmacy 0 صيدلية النور"}, nil},
		{"a self-crossing building keeps both halves", func(f *osmFile) {
			f.way(1, "building=yes", 1010, 1212, 1210, 1012, 1010)
		}, []string{"base_building osm:w1 building 2 "}, []string{"way/1 base_building repaired: Self-intersection"}},
		{"a building folded to a line", func(f *osmFile) {
			f.way(1, "building=yes", 1010, 1212, 1010)
			f.way(2, "building=yes", 1010, 1212, 1414, 1212, 1010)
		}, nil, []string{"way/1 base_building rejected: ", "way/2 base_building rejected: it has no area"}},
		{"inner and outer, whatever their roles say", func(f *osmFile) {
			f.way(1, "", 1010, 1510, 1515)
			f.way(2, "", 1515, 1015, 1010)
			f.way(3, "", 1111, 1212, 1211, 1111)
			f.relation(9, "type=multipolygon natural=water water=lake", "outer 1", " 2", "outer 3")
		}, []string{"base_water osm:r9 lake 24.5 "}, nil},
		{"several outers", func(f *osmFile) {
			f.way(1, "", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "", 2010, 2510, 2515, 2015, 2010)
			f.relation(9, "type=multipolygon landuse=forest", "outer 1", "outer 2")
		}, []string{"base_landuse osm:r9 forest 50 "}, nil},
		{"inner rings that touch", func(f *osmFile) {
			f.way(1, "", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "landuse=grass", 1111, 1211, 1212, 1112, 1111)
			f.way(3, "", 1211, 1311, 1312, 1212, 1211)
			f.relation(9, "type=multipolygon landuse=forest", "outer 1", "inner 2", "inner 3")
		}, []string{"base_landuse osm:r9 forest 23 ", "base_landuse osm:w2 grass 1 "}, nil},
		{"old style: the outer way has the tags, and is not drawn again", func(f *osmFile) {
			f.way(1, "landuse=forest name=West", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "landuse=forest", 1111, 1211, 1212, 1112, 1111)
			f.relation(9, "type=multipolygon", "outer 1", "inner 2")
		}, []string{"base_landuse osm:r9 forest 24 West"}, nil},
		{"new style: an outer way that says the same is not drawn again", func(f *osmFile) {
			f.way(1, "landuse=forest", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "natural=water", 1111, 1211, 1212, 1112, 1111)
			f.relation(9, "type=multipolygon landuse=forest", "outer 1", "inner 2")
		}, []string{"base_landuse osm:r9 forest 24 ", "base_water osm:w2 water 1 "}, nil},
		{"a multipolygon that is something else leaves its outer way alone", func(f *osmFile) {
			f.way(1, "landuse=grass", 1010, 1510, 1515, 1015, 1010)
			f.relation(9, "type=multipolygon barrier=kerb", "outer 1")
		}, []string{"base_landuse osm:w1 grass 25 "}, nil},
		{"a building and its outline are one building", func(f *osmFile) {
			f.way(1, "building=yes", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "", 1111, 1211, 1212, 1112, 1111)
			f.relation(9, "type=multipolygon building=office", "outer 1", "inner 2")
		}, []string{"base_building osm:r9 commercial 24 "}, nil},
		{"a multipolygon of areas that differ leaves each its own", func(f *osmFile) {
			f.way(1, "landuse=forest", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "landuse=meadow", 2010, 2510, 2515, 2015, 2010)
			f.relation(9, "type=multipolygon", "outer 1", "outer 2")
		}, []string{"base_landuse osm:w1 forest 25 ", "base_landuse osm:w2 grass 25 "}, nil},
		{"a broken ring is rejected", func(f *osmFile) {
			f.way(1, "", 1010, 1510, 1515)
			f.relation(9, "type=multipolygon landuse=forest", "outer 1")
		}, nil, []string{"relation/9 base_landuse rejected: no ring closes"}},
		{"members beyond the extract's edge: what closes is kept", func(f *osmFile) {
			f.way(1, "", 1010, 1510, 1515, 1015, 1010)
			f.way(2, "", 2010, 2510, 2515)
			f.relation(9, "type=multipolygon landuse=forest", "outer 1", "outer 2", "outer 3")
		}, []string{"base_landuse osm:r9 forest 25 "}, []string{"relation/9 base_landuse repaired: 2 segments are on no closed ring and were left out: 1 of its 3 ways"}},
		{"but half a division is no division", func(f *osmFile) {
			f.way(1, "", 1010, 1510, 1515, 1015, 1010)
			f.relation(9, "type=boundary boundary=administrative admin_level=6", "outer 1", "outer 3")
		}, nil, []string{"relation/9 base_boundary rejected: "}},
		{"a division", func(f *osmFile) {
			f.way(1, "boundary=administrative admin_level=6", 1010, 1510, 1515)
			f.way(2, "boundary=administrative", 1515, 1015, 1010)
			f.relation(9, "type=boundary boundary=administrative admin_level=6 ref=330782 name=义乌市 name:en=Yiwu", "outer 1", "outer 2")
		}, []string{"base_boundary osm:r9 330782 25 义乌市"}, nil},
		{"a road that the extract's edge cuts", func(f *osmFile) {
			f.way(1, "highway=residential", 1010, 1110, 1210, 1310, 1410, 1510)
			f.lose(1210)
			f.lose(1510)
		}, []string{"base_road osm:w1 residential 0 ", "base_road osm:w1#2 residential 0 "}, []string{"way/1 base_road repaired: 2 of 6 nodes are not in the file: kept what is there, in 2 parts"}},
		{"a lake that the extract's edge cuts", func(f *osmFile) {
			f.way(1, "natural=water", 1010, 1510, 1515, 1015, 1010)
			f.lose(1515)
		}, nil, []string{"way/1 base_water rejected: 1 of its nodes are not in the file"}},
		{"a road of one node", func(f *osmFile) {
			f.way(1, "highway=residential", 1010, 1010)
		}, nil, []string{"way/1 base_road rejected: a line needs two different places"}},
		{"a river is a line, its bank an area, its weir neither", func(f *osmFile) {
			f.way(1, "waterway=river name=钱塘江", 1010, 1510)
			f.way(2, "waterway=riverbank", 1010, 1510, 1515, 1015, 1010)
			f.way(3, "waterway=weir", 1010, 1110)
		}, []string{"base_water osm:w2 river 25 ", "base_waterway osm:w1 river 0 钱塘江"}, nil},
	}
	// All boards lie beside each other in one extract: one import.
	f := newOSM(t)
	for i, tt := range tests {
		f.board = i + 1
		tt.draw(f)
	}
	db := layerstest.DB(t)
	_, rejects := importOSM(t, db, f.write())
	gotRows, gotRejects := make([][]string, len(tests)), make([][]string, len(tests))
	for _, r := range column(t, db, rowsSQL) {
		parts := strings.SplitN(r, "|", 5)
		var area float64
		fmt.Sscan(parts[3], &area)
		kind := parts[1][len("osm:")]
		number, part, cut := strings.Cut(parts[1][len("osm:")+1:], "#")
		board, id := split(t, kind, number)
		key := fmt.Sprintf("osm:%c%d", kind, id)
		if cut {
			key += "#" + part
		}
		gotRows[board-1] = append(gotRows[board-1], fmt.Sprintf("%s %s %s %g %s", parts[0], key, parts[2], math.Round(area*1e7)/10, parts[4]))
	}
	for _, r := range rejects {
		kind, rest, _ := strings.Cut(r, "/")
		number, rest, _ := strings.Cut(rest, " ")
		board, id := split(t, kind[0], number)
		gotRejects[board-1] = append(gotRejects[board-1], fmt.Sprintf("%s/%d %s", kind, id, rest))
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(gotRows[i], "\n"); got != strings.Join(tt.rows, "\n") {
				t.Errorf("rows:\n%s\nwant:\n%s", got, strings.Join(tt.rows, "\n"))
			}
			if len(gotRejects[i]) != len(tt.rejects) {
				t.Errorf("rejects: %q, want %q", gotRejects[i], tt.rejects)
			}
			for _, want := range tt.rejects {
				if !hasPrefix(gotRejects[i], want) {
					t.Errorf("rejects: %q, want %q", gotRejects[i], want)
				}
			}
		})
	}
}

// split tells the board and the number on it of an object.
func split(t *testing.T, kind byte, number string) (board, id int) {
	t.Helper()
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	if kind == 'n' {
		return n / 10_000, n % 10_000
	}
	return n / 100, n % 100
}

// rowsSQL is the whole base library.
const rowsSQL = `
	SELECT concat_ws('|', layer, source_key, class, ST_Area(geom)::text, name) FROM (
		          SELECT 'base_boundary' AS layer, source_key, code AS class, geom, name FROM map.base_boundary
		UNION ALL SELECT 'base_landuse', source_key, class, geom, name FROM map.base_landuse
		UNION ALL SELECT 'base_water', source_key, class, geom, name FROM map.base_water
		UNION ALL SELECT 'base_waterway', source_key, class, geom, name FROM map.base_waterway
		UNION ALL SELECT 'base_road', source_key, class, geom, name FROM map.base_road
		UNION ALL SELECT 'base_building', source_key, class, geom, name FROM map.base_building
		UNION ALL SELECT 'base_address', source_key, number, geom, name FROM map.base_address
		UNION ALL SELECT 'base_poi', source_key, class, geom, name FROM map.base_poi) x
	ORDER BY layer COLLATE "C", source_key COLLATE "C"`
