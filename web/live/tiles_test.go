package live

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// shows says whether tile z/x/y shows a place: within its edges and margin. It
// is the definition, tile by tile.
func shows(z int, x, y uint32, p orb.Point, margin float64) bool {
	n := math.Exp2(float64(z))
	lat := max(-mercatorLat, min(mercatorLat, p[1])) * math.Pi / 180
	u := (p[0]+180)/360*n - float64(x)
	v := (0.5-math.Log(math.Tan(lat)+1/math.Cos(lat))/(2*math.Pi))*n - float64(y)
	return u >= -margin && u <= 1+margin && v >= -margin-1e-9 && v <= 1+margin+1e-9
}

func TestTilesThatShowAPlace(t *testing.T) {
	places := []orb.Point{{0, 0}, {-180, 10}, {180, -10}, {120.1, 89}, {120.1, -90}, {90, 0}, {179.9999, 85.05}}
	for range 300 {
		places = append(places, orb.Point{rand.Float64()*360 - 180, rand.Float64()*178 - 89})
	}
	for _, p := range places {
		for z := range 5 {
			for _, margin := range []float64{tileMargin, countMargin} {
				got := worldOf(p.Bound()).showing(z, margin)
				for x := range uint32(1) << z {
					for y := range uint32(1) << z {
						in := x >= got.x0 && x <= got.x1 && y >= got.y0 && y <= got.y1
						if in != shows(z, x, y, p, margin) {
							t.Fatalf("%v margin %v: %d/%d/%d: %v", p, margin, z, x, y, in)
						}
					}
				}
			}
		}
	}
}

func TestOpenTilesOfAWindow(t *testing.T) {
	for _, tt := range []struct {
		name string
		box  orb.Bound
		z    int
		want tileRange
	}{
		{"the world", orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, 2, tileRange{2, 0, 0, 3, 3}},
		{"one tile, edge to edge", tileRange{9, 426, 213, 426, 213}.bound(0), 9, tileRange{9, 426, 213, 426, 213}},
		{"a place", orb.Point{120.0745, 29.3068}.Bound(), 14, tileRange{14, 13656, 6795, 13656, 6795}},
		{"the last column", orb.Bound{Min: orb.Point{179, 1}, Max: orb.Point{180, 2}}, 3, tileRange{3, 7, 3, 7, 3}},
	} {
		got := worldOf(tt.box).open(tt.z)
		// An edge that is not a number of few digits may fall to either side.
		if got.x0 > tt.want.x0 || got.y0 > tt.want.y0 || got.x1 < tt.want.x1 || got.y1 < tt.want.y1 || got.count() > tt.want.count()+3 {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// A line makes those tiles stale that it crosses, not all of its box.
func TestALineCrossesTiles(t *testing.T) {
	g := orb.LineString{{0.1, 0.1}, {44, 40}}
	v := view{layer: layers.Layer{Geometry: "LineString", MaxZoom: 22}}
	v.openTiles(Tiles{5, 5})
	row := &seen{looked: true, placed: true, bound: g.Bound(), geom: g}
	var s staleTiles
	s.addRow(&v, row)
	box := worldOf(g.Bound()).showing(5, tileMargin)
	if len(s.ids) < 4 || len(s.ids) >= box.count() {
		t.Errorf("%d tiles, of a box of %d", len(s.ids), box.count())
	}
	for id := range s.ids {
		x, y := uint32(id>>29&(1<<29-1)), uint32(id&(1<<29-1))
		if !row.Meets(tileRange{5, x, y, x, y}.bound(tileMargin)) {
			t.Errorf("%s is not crossed", id.append(nil))
		}
	}
}

func TestWindowsFindWhatMeets(t *testing.T) {
	box := func(edge float64) orb.Bound {
		p := orb.Point{rand.Float64()*340 - 170, rand.Float64()*160 - 80}
		e := edge * rand.Float64() * rand.Float64() * rand.Float64()
		return orb.Bound{Min: p, Max: orb.Point{min(180, p[0]+e), min(90, p[1]+e*rand.Float64())}}
	}
	w := &windows{}
	var parts []*part
	add := func() {
		p := &part{}
		switch rand.IntN(20) {
		case 0: // everywhere
		case 1:
			p.reach = []orb.Bound{{Min: orb.Point{170, -10}, Max: orb.Point{180, 10}}, {Min: orb.Point{-180, -10}, Max: orb.Point{-170, 10}}}
		default:
			p.reach = []orb.Bound{box(200)}
		}
		parts = append(parts, p)
		w.add(p)
	}
	for range 300 {
		add()
	}
	for round := range 2000 {
		if round%5 == 0 {
			i := rand.IntN(len(parts))
			w.remove(parts[i])
			parts = slices.Delete(parts, i, i+1)
			add()
		}
		c := &seenChange{
			old: seen{looked: true, placed: rand.IntN(3) > 0, bound: box(1)},
			new: seen{looked: true, placed: rand.IntN(3) > 0, bound: box(300)},
		}
		times := map[*part]int{}
		w.find(c, func(p *part) { times[p]++ })
		for _, p := range parts {
			want := 0
			if len(p.reach) == 0 || c.old.placed && p.reaches(c.old.bound) || c.new.placed && p.reaches(c.new.bound) {
				want = 1
			}
			if times[p] != want {
				t.Fatalf("a part with %v was found %d times for %v (%v) and %v (%v)", p.reach, times[p], c.old.bound, c.old.placed, c.new.bound, c.new.placed)
			}
		}
	}
	for _, p := range parts {
		w.remove(p)
	}
	for size, cells := range w.sizes {
		if len(cells) != 0 || len(w.all) != 0 || len(w.everywhere) != 0 {
			t.Errorf("size %d keeps %v", size, cells)
		}
	}
}

// mine is a right that hides rows and fields.
func mine(l layers.Layer) (access.Right, bool) {
	return access.Right{Where: where.Eq{Field: "dept_code", Value: "mine"}, Fields: []string{"name", "dept_code"}}, true
}

var tilesOnly = func() *bool { no := false; return &no }()

// stale reads stale tiles until a frame names one; all that were named until then.
func (c *testClient) staleUntil(layer, last string) map[string]int {
	c.Helper()
	all := map[string]int{}
	for {
		m := c.want(TypeStale)
		if len(m.Areas) > 0 {
			c.Fatalf("areas %v", m.Areas)
		}
		done := false
		for name, ids := range m.Layers {
			seen := map[string]bool{}
			for _, id := range ids {
				if name != layer || seen[id] {
					c.Fatalf("%s of %s, once before in its frame: %v", id, name, seen[id])
				}
				seen[id] = true
				all[id]++
				done = done || id == last
			}
		}
		if done {
			return all
		}
	}
}

// Over random changes the tiles that are told are those that brute force finds:
// all, and no other. The right hides rows and fields; what happens to them makes
// no tile stale, or a tile would tell of it.
func TestStaleTilesAreThoseOfBruteForce(t *testing.T) {
	r := newRig(t)
	r.setRight(mine, nil)
	const from, to = 11, 14 // over and under the detail zoom of places, 13
	home := orb.Point{120.0, 29.5}
	type screen struct {
		*testClient
		open []tileRange
	}
	var screens []screen
	for i := range 6 {
		c := r.dial()
		c.want(TypeHello)
		s := Subscribe{Layer: "place", Tiles: &Tiles{from, to}, Events: tilesOnly}
		box := orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}
		if i > 0 { // a window around home
			s.BBox = []float64{home[0] - rand.Float64(), home[1] - rand.Float64(), home[0] + rand.Float64()/2, home[1] + rand.Float64()/2}
			box = orb.Bound{Min: orb.Point{s.BBox[0], s.BBox[1]}, Max: orb.Point{s.BBox[2], s.BBox[3]}}
		}
		c.subscribe(s)
		w := screen{testClient: c}
		for z := from; z <= to; z++ {
			w.open = append(w.open, worldOf(box).open(z))
		}
		screens = append(screens, w)
	}
	type row struct {
		at         orb.Point
		name, dept string
	}
	now := map[int64]row{}
	tilesOf := func(p orb.Point) (all []tileID) {
		for z := from; z <= to; z++ {
			margin := tileMargin
			if z < 13 {
				margin = countMargin
			}
			near := worldOf(p.Bound()).showing(z, 2) // a handful around, to try each
			for x := near.x0; x <= near.x1; x++ {
				for y := near.y0; y <= near.y1; y++ {
					if shows(z, x, y, p, margin) {
						all = append(all, idOf(z, x, y))
					}
				}
			}
		}
		return all
	}
	anywhere := func() orb.Point { // away from home's tiles, which mark the end of a round
		for {
			p := orb.Point{119 + 1.5*rand.Float64(), 28.5 + 1.5*rand.Float64()}
			if rand.IntN(3) == 0 { // near an edge of tiles of zoom 14
				n := math.Exp2(14)
				p[0] = math.Round((p[0]+180)/360*n)/n*360 - 180 + (rand.Float64()-0.5)*5e-4
			}
			if math.Abs(p[0]-home[0]) > 0.3 || math.Abs(p[1]-home[1]) > 0.3 {
				return p
			}
		}
	}
	dept := func() string { return []string{"mine", "theirs"}[rand.IntN(2)] }
	ids := int64(0)
	for round := range 12 {
		stale := map[tileID]bool{}
		mark := func(rs ...row) {
			for _, r := range rs {
				if r.dept == "mine" {
					for _, id := range tilesOf(r.at) {
						stale[id] = true
					}
				}
			}
		}
		for range 5 {
			tx, err := r.db.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			before := maps.Clone(now)
			do := func(sql string, args ...any) {
				if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
					t.Fatal(err)
				}
			}
			for range 1 + rand.IntN(6) {
				known := slices.Collect(maps.Keys(now))
				if len(known) == 0 || rand.IntN(3) == 0 {
					ids++
					n := row{anywhere(), fmt.Sprint("n", ids), dept()}
					do(`INSERT INTO map.place (id, kind, name, dept_code, geom, grid_code, area_code)
						VALUES ($1, 'hydrant', $2, $3, ST_Point($4, $5, 4326), 'g', '')`, ids, n.name, n.dept, n.at[0], n.at[1])
					now[ids] = n
					continue
				}
				id := known[rand.IntN(len(known))]
				n := now[id]
				switch rand.IntN(5) {
				case 0:
					n.at = anywhere()
					do(`UPDATE map.place SET geom = ST_Point($2, $3, 4326) WHERE id = $1`, id, n.at[0], n.at[1])
				case 1:
					n.dept = dept()
					do(`UPDATE map.place SET dept_code = $2 WHERE id = $1`, id, n.dept)
				case 2:
					n.name += "'"
					do(`UPDATE map.place SET name = $2 WHERE id = $1`, id, n.name)
				case 3:
					do(`UPDATE map.place SET capacity = (random() * 1000)::int WHERE id = $1`, id) // hidden
				case 4:
					do(`DELETE FROM map.place WHERE id = $1`, id)
					delete(now, id)
					continue
				}
				now[id] = n
			}
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			for id, was := range before {
				if is, still := now[id]; is != was {
					mark(was)
					if still {
						mark(is)
					}
				}
			}
			for id, is := range now {
				if _, was := before[id]; !was {
					mark(is)
				}
			}
		}
		ids++
		r.exec(`INSERT INTO map.place (id, kind, name, dept_code, geom, grid_code, area_code)
			VALUES ($1, 'hydrant', 'home', 'mine', ST_Point($2, $3, 4326), 'g', '')`, ids, home[0], home[1])
		mark(row{home, "home", "mine"})
		end := string(tilesOf(home)[0].append(nil))
		for i, s := range screens {
			var want []string
			for id := range stale {
				for _, o := range s.open {
					if x, y := uint32(id>>29&(1<<29-1)), uint32(id&(1<<29-1)); int(id>>58) == o.z && x >= o.x0 && x <= o.x1 && y >= o.y0 && y <= o.y1 {
						want = append(want, string(id.append(nil)))
					}
				}
			}
			got := slices.SortedFunc(maps.Keys(s.staleUntil("place", end)), cmp.Compare[string])
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Fatalf("round %d, screen %d: told\n%v\nwant\n%v", round, i, got, want)
			}
		}
	}
}

// What is committed together comes in one frame, also of several layers; and
// equal windows of tiles share a stream though they differ by a pixel.
func TestATileOfSeveralLayers(t *testing.T) {
	r := newRig(t)
	c, d := r.dial(), r.dial()
	c.want(TypeHello)
	d.want(TypeHello)
	s := Subscribe{Layer: "place,incident", BBox: []float64{120, 29, 120.1, 29.1}, Tiles: &Tiles{13, 14}, Events: tilesOnly}
	first := c.subscribe(s)
	s.BBox = []float64{120.0001, 29.0001, 120.0999, 29.0999}
	if second := d.subscribe(s); first.Layer != "place,incident" || second.Stream != first.Stream {
		t.Errorf("%+v, %+v", first, second)
	}
	tx, _ := r.db.Begin(t.Context())
	tx.Exec(t.Context(), insertPlace, "a", 120.05, 29.05, "g")
	tx.Exec(t.Context(), `INSERT INTO map.incident (class_standard, class_code, severity, state, source, occurred_at, geom, grid_code, area_code)
		SELECT standard, code, 2, 'reported', 'worker', now(), ST_Point(120.05, 29.05, 4326), 'g1', '' FROM onemap.class WHERE kind = 'matter' ORDER BY code LIMIT 1`)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*testClient{c, d} {
		m := c.want(TypeStale)
		want := []string{"13/6827/3404", "14/13655/6809"}
		if m.Stream != first.Stream || !slices.Equal(m.Layers["place"], want) || !slices.Equal(m.Layers["incident"], want) || m.Cursor == "" {
			t.Errorf("%+v", m)
		}
	}
	c.say(Subscribe{Type: TypeSubscribe, ID: "b", Layer: "place,nosuch", Tiles: &Tiles{1, 2}})
	if m := c.want(TypeError); m.Problem.Type != "/problems/not-found" {
		t.Errorf("%+v", m)
	}
}

// Events and tiles in one subscription: one frame has both, and a change beside
// the window, in an open tile, has the tile alone.
func TestEventsWithTheirTiles(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "place", BBox: []float64{120.05, 29.05, 120.055, 29.055}, Tiles: &Tiles{14, 14}})
	r.exec(insertPlace, "a", 120.051, 29.051, "g")
	m := c.want(TypeEvents)
	if got := tell(m.Events); !slices.Equal(got, []string{"insert a"}) || !slices.Equal(m.Stale.Layers["place"], []string{"14/13655/6809"}) {
		t.Errorf("%v, %v", got, m.Stale)
	}
	r.exec(`UPDATE map.place SET geom = ST_Point(120.052, 29.052, 4326)`)
	m = c.want(TypeEvents)
	if len(m.Events) != 1 || !slices.Equal(m.Events[0].Data.OldBBox, []float64{120.051, 29.051, 120.051, 29.051}) {
		t.Errorf("%+v", m.Events)
	}
	r.exec(insertPlace, "beside", 120.045, 29.045, "g")
	if m = c.want(TypeStale); !slices.Equal(m.Layers["place"], []string{"14/13655/6809"}) {
		t.Errorf("%+v", m)
	}
	// Where a feature was is not told of one that was not shown there.
	r.exec(`UPDATE map.place SET geom = ST_Point(120.053, 29.053, 4326) WHERE name = 'beside'`)
	if m = c.want(TypeEvents); m.Events[0].Data.Op != "insert" || m.Events[0].Data.OldBBox != nil {
		t.Errorf("%+v", m.Events)
	}
	r.exec(`UPDATE map.place SET name = 'b' WHERE name = 'beside'`)
	if m = c.want(TypeEvents); m.Events[0].Data.Op != "update" || m.Events[0].Data.OldBBox != nil {
		t.Errorf("%+v", m.Events)
	}
}

func TestManyStaleTilesAreABox(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "place", BBox: []float64{100, 0, 110, 10}, Tiles: &Tiles{10, 14}, Events: tilesOnly})
	r.exec(`INSERT INTO map.place (kind, name, geom, grid_code, area_code) SELECT 'hydrant', i::text,
		ST_SetSRID(ST_MakePoint(90 + i * 0.05, 5), 4326), 'g', '' FROM generate_series(1, 400) i`)
	m := c.want(TypeStale)
	// 100.05 to 110 and what the tiles of zoom 10 show beyond the window.
	if box := m.Areas["place"]; len(m.Layers) != 0 || len(box) != 4 || box[0] > 100.05 || box[0] < 99.6 || box[2] < 109.99 || box[2] > 110.4 || box[1] != 5 {
		t.Errorf("%+v", m)
	}
	r.exec(`TRUNCATE map.place`)
	if m = c.want(TypeStale); len(m.Areas) != 1 || m.Areas["place"] != nil {
		t.Errorf("%+v", m)
	}
	r.exec(insertPlace, "a", 105, 5, "g") // and by name again
	if m = c.want(TypeStale); len(m.Layers["place"]) != 5 || m.Areas != nil {
		t.Errorf("%+v", m)
	}
}

func TestResumeTellsMissedTiles(t *testing.T) {
	r := ownRig(t, func(h *Hub) { h.ring.maxEntries, h.settle = 5, 0 })
	s := Subscribe{Layer: "place", BBox: []float64{120, 29, 120.1, 29.1}, Tiles: &Tiles{14, 14}, Events: tilesOnly}
	c := r.dial()
	c.want(TypeHello)
	s.Cursor = c.subscribe(s).Cursor
	c.Close()
	r.exec(insertPlace, "missed", 120.05, 29.05, "g")
	r.wait(r.exec(insertPlace, "elsewhere", 110, 29.05, "g"))
	c = r.dial()
	c.want(TypeHello)
	c.subscribe(s)
	m := c.want(TypeStale)
	if !slices.Equal(m.Layers["place"], []string{"14/13655/6809"}) {
		t.Errorf("%+v", m)
	}
	// The map moves: the same id, the new window, the cursor of before.
	s.BBox = []float64{109.9, 29, 110.1, 29.1}
	c.subscribe(s)
	if m = c.want(TypeStale); !slices.Equal(m.Layers["place"], []string{"14/13198/6809"}) {
		t.Errorf("%+v", m)
	}
	for i := range 10 {
		r.wait(r.exec(insertPlace, fmt.Sprint(i), 110, 29.05, "g"))
	}
	d := r.dial()
	d.want(TypeHello)
	d.subscribe(s)
	if m = d.want(TypeResync); m.Reason != ReasonOld {
		t.Errorf("%+v", m)
	}
}

func TestBadWishesForTiles(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	for _, tt := range []struct{ say, field string }{
		{`"layer":"place","tiles":{"minzoom":9,"maxzoom":8}`, "tiles"},
		{`"layer":"place","tiles":{"minzoom":9,"maxzoom":23}`, "tiles"},
		{`"layer":"place","tiles":{"zoom":3}`, "message"},
		{`"layer":"place","events":false`, "events"},
		{`"layer":"place,place","tiles":{"minzoom":1,"maxzoom":2}`, "layer"},
		{`"layer":"` + strings.Repeat("a,", 16) + `b"`, "layer"},
	} {
		c.WriteMessage(1, []byte(`{"type":"subscribe","id":"a",`+tt.say+`}`))
		if m := c.want(TypeError); m.Problem.Errors[0].Field != tt.field {
			t.Errorf("%s: %+v", tt.say, m)
		}
	}
	next, _ := r.stream("layer=place&tiles=14,14&events=false&bbox=120,29,120.1,29.1", "")
	for e := next(); e.name != TypeHeartbeat; e = next() {
	}
	r.exec(insertPlace, "a", 120.05, 29.05, "g")
	for e := next(); ; e = next() {
		if e.name == TypeStale {
			if !slices.Equal(e.Layers["place"], []string{"14/13655/6809"}) || e.id != e.Cursor {
				t.Errorf("%+v", e)
			}
			break
		}
	}
	next, _ = r.stream("layer=place&tiles=14", "")
	next() // hello
	if e := next(); e.name != TypeError || e.Problem.Errors[0].Field != "query.tiles" {
		t.Errorf("%+v", e)
	}
}
