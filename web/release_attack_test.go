package web_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"onemap/layers/population"
	"onemap/layers/release"
	"onemap/layers/release/releasetest"
)

// A crowd is people counted in a town of 6 by 4 grids over a day, some of them
// too few to be shown.
type crowd struct {
	*world
	rnd    *rand.Rand
	day    time.Time // its beginning, in the city
	counts map[string]map[int64]int
}

// Who looks at the crowd, as whom: one of each audience.
var audiences = []struct {
	name, login string
	floor       int
}{{"internal", "centre", 10}, {"staff", "police", 20}, {"public", "", 50}}

func newCrowd(t *testing.T) *crowd {
	w := newWorld(t)
	zone := time.FixedZone("Asia/Shanghai", 8*3600)
	c := &crowd{world: w, rnd: rand.New(rand.NewPCG(7, 2026)), day: time.Date(2026, 11, 20, 0, 0, 0, 0, zone), counts: map[string]map[int64]int{}}
	w.exec(`DELETE FROM map.grid_unit`)
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, geom)
		SELECT '33079900' || 1 + x / 3 || '001' || to_char(x * 4 + y + 1, 'FM000'), '33079900' || 1 + x / 3 || '001',
		       ST_Multi(ST_MakeEnvelope(120 + x * 0.01, 29.3 + y * 0.01, 120.01 + x * 0.01, 29.31 + y * 0.01, 4326))
		FROM generate_series(0, 5) x, generate_series(0, 3) y`)
	w.exec(`UPDATE onemap.layer SET owner = 'centre', share = 'unconditional', open = true, minzoom = 0 WHERE subject = 'population'`)
	w.publish("population", "population_od")
	w.exec(`UPDATE onemap.layer_field SET sensitivity = 'public' WHERE layer LIKE 'population%'`)
	rows, err := w.db.Query(t.Context(), `SELECT grid_code FROM map.grid_unit ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var code string
		if err := rows.Scan(&code); err != nil {
			t.Fatal(err)
		}
		c.counts[code] = map[int64]int{}
	}
	for _, code := range c.grids() {
		for h := range 24 {
			n := []int{0, 1 + c.rnd.IntN(9), 10 + c.rnd.IntN(10), 20 + c.rnd.IntN(30), 50 + c.rnd.IntN(300), 80 + c.rnd.IntN(80)}[c.rnd.IntN(6)]
			c.count(code, c.day.Add(time.Duration(h)*time.Hour), n)
		}
	}
	w.exec(`INSERT INTO onemap.population_flow (source, from_grid, to_grid, hour, n)
		SELECT 'test', a.grid_code, b.grid_code, '2026-11-20T00:00Z'::timestamptz + h * interval '1 hour', 1 + (a.id * 7 + b.id * 13 + h * 5) % 90
		FROM map.grid_unit a, map.grid_unit b, generate_series(0, 3) h WHERE (a.id + b.id * 3 + h) % 4 <> 0`)
	c.release(population.Order{})
	w.server.Store.ForgetRegistry()
	return c
}

func (c *crowd) grids() []string {
	var out []string
	for g := range c.counts {
		out = append(out, g)
	}
	slices.Sort(out)
	return out
}

func (c *crowd) count(grid string, hour time.Time, n int) {
	c.counts[grid][hour.Unix()] = n
	c.exec(`INSERT INTO onemap.population_count (source, grid_code, hour, n) VALUES ('test', $1, $2, $3) ON CONFLICT (source, grid_code, hour) DO UPDATE SET n = excluded.n`, grid, hour, n)
}

func (c *crowd) release(o population.Order) population.Report {
	c.t.Helper()
	o.By, o.Now = operator, c.day.AddDate(0, 0, 1)
	r, err := population.Release(c.t.Context(), c.server.Store, o)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// seen is a row as somebody sees it.
type seen struct {
	grid string
	hour int64
	n    int
}

func (s seen) at() orb.Point {
	i, _ := strconv.Atoi(s.grid[12:])
	return orb.Point{120.005 + float64((i-1)/4)*0.01, 29.305 + float64((i-1)%4)*0.01}
}

func (s seen) time() time.Time { return time.Unix(s.hour, 0).UTC() }

func seenOf(t testing.TB, p map[string]any) seen {
	t.Helper()
	hour, err := time.Parse(time.RFC3339, fmt.Sprint(p["hour"]))
	n, err2 := strconv.ParseFloat(fmt.Sprint(p["n"]), 64)
	if err != nil || err2 != nil {
		t.Fatalf("%v: %v %v", p, err, err2)
	}
	return seen{fmt.Sprint(p["grid_code"]), hour.Unix(), int(n)}
}

func (c *crowd) features(login, path string) []seen {
	c.t.Helper()
	var got collection
	c.want(200, c.as(login, "GET", path, nil)).into(c.t, &got)
	out := []seen{}
	for _, f := range got.Features {
		out = append(out, seenOf(c.t, f.Properties))
	}
	return sortSeen(out)
}

func (c *crowd) tile(login, path string) []seen {
	c.t.Helper()
	out := []seen{}
	r := c.as(login, "GET", path, nil)
	if r.StatusCode == 204 {
		return out
	}
	parsed, err := mvt.Unmarshal(c.want(200, r).body)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, l := range parsed {
		for _, f := range l.Features {
			if l.Name == "population" {
				out = append(out, seenOf(c.t, f.Properties))
			}
		}
	}
	return sortSeen(out)
}

func sortSeen(s []seen) []seen {
	slices.SortFunc(s, func(a, b seen) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return s
}

const everything = "/api/v1/layers/population/features?limit=10000"

// Whatever anybody asks, of whatever box, time, zoom, filter or format, is
// computed from the one release for them: so the difference of any two answers
// is a sum of counts that are shown, and none is below the floor.
func TestDifferencesTellNothing(t *testing.T) {
	c := newCrowd(t)
	var finer []seen
	for i, a := range audiences {
		base := c.features(a.login, everything)
		if len(base) < 20 {
			t.Fatalf("%s sees %d counts: too few to attack", a.name, len(base))
		}
		c.attackTotals(a.name, a.floor, base)
		for _, s := range base {
			if s.n < a.floor || c.counts[s.grid][s.hour] < a.floor {
				t.Errorf("%s sees %v of %d", a.name, s, c.counts[s.grid][s.hour])
			}
			if hour := s.time().Add(8 * time.Hour).Hour(); a.name == "public" && (hour < 6 || hour >= 22) {
				t.Errorf("the public sees the night: %v", s)
			}
		}
		if i > 0 { // who has two releases knows no more than who has the finer one
			by := map[string]int{}
			for _, s := range finer {
				by[fmt.Sprint(s.grid, s.hour)] = s.n
			}
			for _, s := range base {
				n, ok := by[fmt.Sprint(s.grid, s.hour)]
				if want := (n + 5) / 10 * 10; !ok || s.n != n && (a.name != "public" || s.n != want) {
					t.Errorf("%s sees %v, and the audience before it %d", a.name, s, n)
				}
			}
		}
		finer = base
		c.attackAnswers(a.name, a.login, a.floor, base, 40)
	}
	c.fromMemory("population")
	for _, a := range audiences {
		c.attackAnswers(a.name+", from memory", a.login, a.floor, c.features(a.login, everything), 25)
	}
	c.attackClusters()
}

// attackTotals asks whether someone who knows how many were in each town in
// each hour, and in each grid in the day, can tell a count below the floor.
func (c *crowd) attackTotals(name string, floor int, base []seen) {
	c.t.Helper()
	shown := map[string]bool{}
	for _, s := range base {
		shown[fmt.Sprint(s.grid, s.hour)] = true
	}
	for _, town := range []string{"330799001", "330799002"} {
		var cells []release.Cell
		rows, cols := map[int32]int{}, map[int32]int{}
		for g, grid := range c.grids() {
			for h := range 24 {
				hour := c.day.Add(time.Duration(h) * time.Hour).Unix()
				if n := c.counts[grid][hour]; strings.HasPrefix(grid, town) && n > 0 {
					cells = append(cells, release.Cell{Row: int32(g), Col: int32(h), N: int32(n), Hidden: !shown[fmt.Sprint(grid, hour)]})
					rows[int32(g)] += n
					cols[int32(h)] += n
				}
			}
		}
		attacked := 0
		for i, cell := range cells {
			if int(cell.N) >= floor {
				continue
			}
			attacked++
			if got, want := releasetest.Most(cells, i, 24), min(floor, rows[cell.Row], cols[cell.Col]); got < want {
				c.t.Errorf("%s: %+v: the totals of %s tell that it is at most %d", name, cell, town, got)
			}
		}
		if attacked < 10 {
			c.t.Errorf("%s: only %d small counts in %s", name, attacked, town)
		}
	}
}

// attackAnswers asks for boxes, times, grids, areas, filters and zooms, in each
// way to ask, and compares with what follows from the release.
func (c *crowd) attackAnswers(name, login string, floor int, base []seen, probes int) {
	c.t.Helper()
	within := func(keep func(seen) bool) []seen {
		return slices.DeleteFunc(slices.Clone(base), func(s seen) bool { return !keep(s) })
	}
	sum := func(all []seen) (n int) {
		for _, s := range all {
			n += s.n
		}
		return n
	}
	var last []seen
	lastBox := orb.Bound{Min: orb.Point{119, 28}, Max: orb.Point{121, 30}}
	for i := range probes {
		box := orb.Bound{Min: orb.Point{119.99 + c.rnd.Float64()*0.05, 29.29 + c.rnd.Float64()*0.03}}
		box.Max = orb.Point{box.Min[0] + c.rnd.Float64()*0.05, box.Min[1] + c.rnd.Float64()*0.04}
		if i%2 == 1 && last != nil { // one step narrower than the last: a difference
			box = lastBox
			box.Max[0] -= min(0.01, (box.Max[0]-box.Min[0])/2)
		}
		from := c.day.Add(time.Duration(c.rnd.IntN(24)) * time.Hour).UTC()
		to := from.Add(time.Duration(1+c.rnd.IntN(12)) * time.Hour)
		if i%3 == 0 {
			from, to = c.day.UTC(), c.day.AddDate(0, 0, 1).UTC()
		}
		when := from.Format(time.RFC3339) + "/" + to.Format(time.RFC3339)
		bbox := fmt.Sprintf("%f,%f,%f,%f", box.Min[0], box.Min[1], box.Max[0], box.Max[1])
		inBox := func(s seen) bool { return box.Contains(s.at()) && s.hour >= from.Unix() && s.hour < to.Unix() }
		q := url.Values{"bbox": {bbox}, "datetime": {when}}
		least := 10 * c.rnd.IntN(12)
		filtered := url.Values{"filter": {fmt.Sprintf("n > %d AND S_INTERSECTS(geom, BBOX(%s)) AND hour >= TIMESTAMP('%s') AND NOT (area_code LIKE '330799002%%')", least, bbox, from.Format(time.RFC3339))}}
		inFilter := func(s seen) bool {
			return s.n > least && box.Contains(s.at()) && s.hour >= from.Unix() && !strings.HasPrefix(s.grid, "330799002")
		}
		check := func(what string, got, want []seen) {
			c.t.Helper()
			if !slices.Equal(got, want) {
				c.t.Errorf("%s, %s: %d counts that sum to %d, want %d and %d\n%v\n%v", name, what, len(got), sum(got), len(want), sum(want), got, want)
			}
		}
		got := c.features(login, everything+"&"+q.Encode())
		check("features", got, within(inBox))
		if last != nil && i%2 == 1 {
			if d := sum(within(func(s seen) bool { return slices.Contains(last, s) && !slices.Contains(got, s) })); d != 0 && d < floor {
				c.t.Errorf("%s: two boxes differ by %d", name, d)
			}
		}
		last, lastBox = got, box
		check("filter", c.features(login, everything+"&"+filtered.Encode()), within(inFilter))
		check("another's release", c.features(login, everything+"&filter="+url.QueryEscape("audience IN ('internal', 'staff', 'public') OR n > 0")), base)
		check("OGC", c.features(login, "/ogc/collections/population/items?limit=10000&"+q.Encode()), c.ogcTimes(base, box, from, to))
		z := maptile.Zoom(c.rnd.IntN(17))
		at := maptile.At(orb.Point{120 + c.rnd.Float64()*0.06, 29.3 + c.rnd.Float64()*0.04}, z)
		check(fmt.Sprintf("tile %v", at), c.tile(login, fmt.Sprintf("/tiles/population/%d/%d/%d.mvt?%s", at.Z, at.X, at.Y, url.Values{"datetime": {when}}.Encode())),
			within(func(s seen) bool {
				return at.Bound(64.0/4096).Contains(s.at()) && s.hour >= from.Unix() && s.hour < to.Unix()
			}))
		if i%8 == 0 {
			check("NDJSON", c.exported(login, "ndjson", q), within(inBox))
			check("CSV", c.exported(login, "csv", filtered), within(inFilter))
			grid := base[c.rnd.IntN(len(base))].grid
			check("one grid", c.features(login, everything+"&grid="+grid), within(func(s seen) bool { return s.grid == grid }))
			check("one town", c.features(login, everything+"&area=330799002"), within(func(s seen) bool { return strings.HasPrefix(s.grid, "330799002") }))
			latest := slices.MaxFunc(base, func(a, b seen) int { return int(a.hour - b.hour) }).hour
			check("the latest hour", c.tile(login, "/tiles/population/0/0/0.mvt"), within(func(s seen) bool { return s.hour == latest }))
			for _, path := range []string{"/api/v1/at?lon=120.005&lat=29.305&radius=5000", "/api/v1/search?q=330799001001001", "/api/v1/layers/population", "/tiles/population.json"} {
				r := c.as(login, "GET", path, nil)
				for _, a := range audiences {
					if !strings.HasPrefix(name, a.name) && bytes.Contains(r.body, []byte(`"audience":"`+a.name+`"`)) {
						c.t.Errorf("%s, %s has a row for %s: %s", name, path, a.name, r.body)
					}
				}
			}
			var hours struct{ Hours []time.Time }
			c.want(200, c.as(login, "GET", "/api/v1/population/hours", nil)).into(c.t, &hours)
			for _, h := range hours.Hours {
				if !slices.ContainsFunc(base, func(s seen) bool { return s.hour == h.Unix() }) {
					c.t.Errorf("%s is told of an hour of which it sees nothing: %v", name, h)
				}
			}
		}
	}
}

// ogcTimes is what OGC's datetime keeps: both ends belong to it.
func (c *crowd) ogcTimes(base []seen, box orb.Bound, from, to time.Time) []seen {
	return slices.DeleteFunc(slices.Clone(base), func(s seen) bool {
		return !box.Contains(s.at()) || s.hour < from.Unix() || s.hour > to.Unix()
	})
}

func (c *crowd) exported(login, format string, q url.Values) []seen {
	c.t.Helper()
	q = url.Values{"filter": q["filter"], "bbox": q["bbox"], "datetime": q["datetime"], "format": {format}}
	for k, v := range q {
		if len(v) == 0 {
			q.Del(k)
		}
	}
	r := c.want(200, c.as(login, "GET", "/api/v1/layers/population/export?"+q.Encode(), nil))
	out := []seen{}
	if format == "csv" {
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(r.body, []byte("\xef\xbb\xbf")))).ReadAll()
		if err != nil {
			c.t.Fatal(err)
		}
		for _, row := range rows[1:] {
			p := map[string]any{}
			for i, name := range rows[0] {
				p[name] = row[i]
			}
			out = append(out, seenOf(c.t, p))
		}
		return sortSeen(out)
	}
	for s := bufio.NewScanner(bytes.NewReader(r.body)); s.Scan(); {
		var f struct{ Properties map[string]any }
		if err := json.Unmarshal(s.Bytes(), &f); err != nil {
			c.t.Fatal(err)
		}
		out = append(out, seenOf(c.t, f.Properties))
	}
	return sortSeen(out)
}

// attackClusters adds up the counts of cells at low zooms: they are of rows that
// are shown.
func (c *crowd) attackClusters() {
	c.t.Helper()
	c.exec(`UPDATE onemap.layer SET detail_zoom = 15 WHERE name = 'population'`)
	c.server.Store.ForgetRegistry()
	c.until(c.cursor())
	for _, a := range audiences {
		base := c.features(a.login, everything)
		for z := range maptile.Zoom(15) {
			total := 0
			tiles := map[maptile.Tile]bool{}
			for _, s := range base {
				tiles[maptile.At(s.at(), z)] = true
			}
			for at := range tiles {
				r := c.want(200, c.as(a.login, "GET", fmt.Sprintf("/tiles/population/%d/%d/%d.mvt?datetime=%s/..", at.Z, at.X, at.Y, c.day.UTC().Format(time.RFC3339)), nil))
				parsed, err := mvt.Unmarshal(r.body)
				if err != nil {
					c.t.Fatal(err)
				}
				for _, l := range parsed {
					for _, f := range l.Features {
						if n, ok := f.Properties["count"]; ok {
							total += int(n.(float64))
						}
					}
				}
			}
			if total != len(base) {
				c.t.Errorf("%s, zoom %d: the cells count %d rows, and %d are shown", a.name, z, total, len(base))
			}
		}
	}
}

// A day is released once: counts that come later change nothing that is seen,
// and who is told of them is nobody. Where somebody with a reason makes it
// again, each hears of their own release alone.
func TestADayIsReleasedOnce(t *testing.T) {
	c := newCrowd(t)
	before := map[string][]seen{}
	for _, a := range audiences {
		before[a.name] = c.features(a.login, everything)
	}
	c.follow()
	c.count(c.grids()[0], c.day.Add(12*time.Hour), 777)
	c.count(c.grids()[1], c.day.Add(12*time.Hour), 3)
	if r := c.release(population.Order{}); r.Days != 0 || r.Kept != 1 {
		t.Errorf("%+v", r)
	}
	for _, a := range audiences {
		if got := c.features(a.login, everything); !slices.Equal(got, before[a.name]) {
			t.Errorf("%s sees the difference", a.name)
		}
	}
	if _, err := population.Release(t.Context(), c.server.Store, population.Order{By: operator, Again: true}); err == nil {
		t.Error("released again without a reason")
	}
	sockets := map[string]func() frame{}
	for _, a := range audiences {
		header := http.Header{}
		if a.login != "" {
			header.Set("Authorization", "Bearer "+c.tokens[a.login])
		}
		conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(c.url, "http", "ws", 1)+"/live", header)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		c.await(conn, "hello")
		if err := conn.WriteJSON(map[string]any{"type": "subscribe", "id": "a", "layer": "population"}); err != nil {
			t.Fatal(err)
		}
		c.await(conn, "subscribed")
		sockets[a.name] = func() frame { return c.await(conn, "events") }
	}
	c.release(population.Order{Again: true, Reason: "the counts of one operator came late"})
	for _, a := range audiences {
		after := c.features(a.login, everything)
		if slices.Equal(after, before[a.name]) {
			t.Errorf("%s: nothing changed", a.name)
			continue
		}
		f := sockets[a.name]()
		for _, e := range f.Events {
			if p := e.Data.Properties; p != nil && p["audience"] != a.name {
				t.Errorf("%s hears of %v", a.name, p)
			} else if p != nil && !slices.Contains(after, seenOf(t, p)) {
				t.Errorf("%s hears of %v, and does not see it", a.name, p)
			}
		}
	}
	var n int
	if err := c.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.release WHERE withdrawn_at IS NOT NULL`).Scan(&n); err != nil || n != 6 {
		t.Errorf("%d releases withdrawn, %v", n, err)
	}
}
