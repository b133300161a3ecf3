package web_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb/encoding/mvt"
)

// corners are four places in one tile, by whose ground and whose business they
// are: in the town of the east (the worker's grid is there) or in the west, and
// of the urban department or the police.
var corners = []struct {
	name, dept string
	lon, lat   float64
}{
	{"east/urban", "urban", 120.0095, 29.3042}, {"east/police", "police", 120.0095, 29.3048},
	{"west/urban", "urban", 120.0105, 29.3042}, {"west/police", "police", 120.0105, 29.3048},
}

const cornersTile = "16/54615/27184"

// cornerRows make a row of each layer at a corner. Names in capitals are filled
// in: DEPT, NAME, N (1 to 4), and the place as POINT, LINE or AREA.
var cornerRows = []struct{ layer, columns, values string }{
	{"base_landuse", "class, geom", "'park', AREA"},
	{"base_water", "class, geom", "'lake', AREA"},
	{"base_waterway", "class, geom", "'river', LINE"},
	{"base_building", "class, geom", "'house', AREA"},
	{"base_road", "class, name, geom", "'primary', 'NAME', LINE"},
	{"base_boundary", "geom", "AREA"},
	{"base_address", "geom", "POINT"},
	{"base_poi", "class, name, geom", "'shop', 'NAME', POINT"},
	{"population", "hour, n, density_km2, audience, geom", "'2026-11-20T10:00Z', 100, 1, (ARRAY['internal', 'staff', 'public', 'public'])[N], POINT"},
	{"population_od", "hour, from_grid, to_grid, n, audience, geom", "'2026-11-20T10:00Z', 'a', 'b', 100, (ARRAY['internal', 'staff', 'public', 'public'])[N], LINE"},
	{"enterprise", "name, dept_code, geom", "'NAME', 'DEPT', POINT"},
	{"inspection", "name, dept_code, inspected_on, result, geom", "'NAME', 'DEPT', '2026-11-01', 'pass', POINT"},
	{"asset", "class_standard, class_code, name, dept_code, geom", "'test', '1', 'NAME', 'DEPT', POINT"},
	{"place", "kind, name, dept_code, geom", "'shelter', 'NAME', 'DEPT', POINT"},
	{"incident", "class_standard, class_code, severity, source, state, dept_code, occurred_at, geom", "'test', 'T01', 2, 'import', 'filed', 'DEPT', now(), POINT"},
	{"hazard", "state, title, dept_code, found_at, geom", "'registered', 'NAME', 'DEPT', now(), POINT"},
	{"worker", "person, name, org, geom", "(SELECT min(id) + N FROM onemap.person), 'NAME', 'east', POINT"},
	{"fence", "name, geom", "'NAME', AREA"},
	{"fence_event", "person, name, org, fence, fence_name, what, why, at, geom", "(SELECT min(id) FROM onemap.person), 'NAME', 'east', '1', 'x', 'enter', 'moved', now(), POINT"},
	{"alert", "alert, identifier, event, category, urgency, severity, certainty, sent, effective, geom", "N, 'NAME', 'x', 'Met', 'Immediate', 'Severe', 'Likely', now(), now(), AREA"},
	{"post", "plan, number, name, dept_code, geom", "1, N, 'NAME', 'DEPT', POINT"},
	{"forecast", "run, cell, rank, expected, low, high, share, density, area_m2, hot, dept_code, from_at, to_at, geom", "1, N, N, 1.5, 0, 4, 0.1, 2, 40000, true, 'DEPT', now(), now() + interval '7 days', AREA"},
	{"fire_risk", "run, kind, place, name, rank, level, expected, low, high, likely, dept_code, geom", "1, 'enterprise', N, 'NAME', N, 1, 0.1, 0.05, 0.2, 0.1, 'DEPT', POINT"},
	{"water_gap", "distance_m, mean_m, buildings, beyond, limit_m, gap, geom", "400, 200, 9, 3, 150, true, AREA"},
	{"response_gap", "buildings, limit_s, measure, gap, geom", "9, 300, 'road', true, AREA"},
	{"deviation", "class_standard, class_code, window_days, n, expected, low, high, ratio, q, level, until, dept_code, geom", "'test', 'T01', 7, 20, 5, 1, 9, 4, 0.001, 1, now(), 'DEPT', POINT"},
	{"repeat_place", "major, n, n28, n365, around, first_day, last_day, place, dept_code, geom", "'1', 9, 3, 9, 0.5, '2026-01-01', '2026-11-01', 'NAME', 'DEPT', POINT"},
}

// noCorners are layers that have no rows in the table: everybody who is signed in
// sees the same rows of them (layers/access, rules_test.go).
var noCorners = []string{"grid_unit", "grid_duty", "grid_community"}

// A sight is what somebody gets of a layer: the corners of the rows, by name.
type sight struct {
	status int
	rows   []string // as features
	fields []string
}

// What each role sees of each layer, as features, in a tile and live, against a
// table that people can read. Read its difference before committing it. The
// three ways must show the same rows, and of each no field but those of the
// features.
func TestRightsTable(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('test', 'component', '1', '1', '一', 'one', '灯', 'lamp')`)
	w.exec(`DELETE FROM map.base_road`)
	w.exec(`DELETE FROM map.enterprise`)
	w.follow()
	all, err := w.server.Store.Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		walked := slices.ContainsFunc(cornerRows, func(made struct{ layer, columns, values string }) bool { return made.layer == l.Name })
		if !walked && !slices.Contains(noCorners, l.Name) {
			t.Errorf("%s is not in the table: give it a line in cornerRows", l.Name)
		}
	}
	logins := []string{""}
	for _, p := range people {
		logins = append(logins, p.login)
	}
	sockets := map[string]*ears{}
	for _, login := range logins {
		sockets[login] = w.listen(login)
	}
	at := w.fillCorners()
	// Everything is heard when what was committed after it is, and once more:
	// the streams of one moment come in no order.
	for _, name := range []string{"first", "second"} {
		w.exec(`UPDATE map.base_road SET name = $1`, name)
		for _, e := range sockets {
			e.hear(name)
		}
	}

	var table strings.Builder
	table.WriteString("# Layer by layer, who sees which rows and which fields: as features, in tiles and live alike.\n" +
		"# Rows: at four places, in the town of the east (the grid worker's) or the west, of the urban department or the police;\n" +
		"# of the counts of people one row each of the releases for internal and staff, two for the public. 'hidden': it does not exist for them.\n")
	for _, made := range cornerRows {
		l, err := w.server.Store.Layer(t.Context(), made.layer)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&table, "\n%s (%s", l.Name, l.Share)
		if l.Owner != "" {
			fmt.Fprintf(&table, ", owner %s", l.Owner)
		}
		table.WriteString(")\n")
		var order []string
		who := map[string][]string{}
		for _, login := range logins {
			seen := w.sees(login, l.Name, at[l.Name])
			who1 := cmp.Or(login, "(public)")
			if seen.status == 404 {
				if live := sockets[login].heard[l.Name]; live != nil {
					t.Errorf("%s does not exist for %s, who hears of %v", l.Name, who1, live)
				}
				if r := w.as(login, "GET", "/tiles/"+l.Name+"/"+cornersTile+".mvt", nil); r.StatusCode != 404 {
					t.Errorf("%s does not exist for %s, and the tile is %d", l.Name, who1, r.StatusCode)
				}
			} else {
				tile, fields := w.tiled(login, l.Name, at[l.Name])
				w.alike(l.Name+" by "+who1+" in the tile", seen, tile, fields)
				tile, fields = sockets[login].of(l.Name, at[l.Name])
				w.alike(l.Name+" by "+who1+" live", seen, tile, fields)
			}
			line := "hidden"
			if seen.status == 200 {
				var all []string
				for _, f := range l.Fields {
					all = append(all, f.Name)
				}
				line = fmt.Sprintf("%-48s %s", short(seen.rows, []string{corners[0].name, corners[1].name, corners[2].name, corners[3].name}), short(seen.fields, all))
				if len(seen.rows) == 0 {
					line = "no rows"
				}
			}
			if who[line] == nil {
				order = append(order, line)
			}
			who[line] = append(who[line], who1)
		}
		for _, line := range order {
			fmt.Fprintf(&table, "    %s\n        %s\n", strings.Join(who[line], " "), line)
		}
	}
	const golden = "testdata/rights.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if table.String() != string(want) {
		t.Errorf("what the roles see is not what %s says: run go test ./web -run RightsTable -update and read the difference; it is now\n%s", golden, table.String())
	}
}

// short is some of all in words.
func short(some, all []string) string {
	var missing []string
	for _, a := range all {
		if !slices.Contains(some, a) {
			missing = append(missing, a)
		}
	}
	switch {
	case len(missing) == 0:
		return "all"
	case len(missing) <= len(all)/3:
		return "all but " + strings.Join(missing, ", ")
	}
	return strings.Join(some, ", ")
}

// fillCorners makes the rows and says which corner each is of, by layer and id.
func (w *world) fillCorners() map[string]map[int64]string {
	w.t.Helper()
	out := map[string]map[int64]string{}
	for _, c := range cornerRows {
		out[c.layer] = map[int64]string{}
		for n, at := range corners {
			values := strings.NewReplacer("DEPT", at.dept, "NAME", at.name, "N", fmt.Sprint(n+1),
				"POINT", fmt.Sprintf("ST_SetSRID(ST_MakePoint(%g, %g), 4326)", at.lon, at.lat),
				"LINE", fmt.Sprintf("ST_SetSRID(ST_MakeLine(ST_MakePoint(%g, %g), ST_MakePoint(%g, %g)), 4326)", at.lon, at.lat, at.lon+0.0002, at.lat),
				"AREA", fmt.Sprintf("ST_Multi(ST_MakeEnvelope(%g, %g, %g, %g, 4326))", at.lon, at.lat, at.lon+0.0002, at.lat+0.0002)).Replace(c.values)
			var id int64
			if err := w.db.QueryRow(w.t.Context(), `INSERT INTO map.`+c.layer+` (`+c.columns+`) VALUES (`+values+`) RETURNING id`).Scan(&id); err != nil {
				w.t.Fatalf("%s: %v", c.layer, err)
			}
			out[c.layer][id] = at.name
		}
	}
	return out
}

// sees asks for a layer's features.
func (w *world) sees(login, layer string, at map[int64]string) sight {
	w.t.Helper()
	r := w.as(login, "GET", "/api/v1/layers/"+layer+"/features", nil)
	s := sight{status: r.StatusCode}
	if r.StatusCode == 404 {
		return s
	}
	var got struct {
		Features []struct {
			ID         int64
			Properties map[string]json.RawMessage
		}
	}
	w.want(200, r).into(w.t, &got)
	for _, f := range got.Features {
		s.rows = append(s.rows, at[f.ID])
		s.fields = addNames(s.fields, f.Properties)
	}
	slices.Sort(s.rows)
	return s
}

// tiled reads a layer's tile.
func (w *world) tiled(login, layer string, at map[int64]string) (rows, fields []string) {
	w.t.Helper()
	r := w.as(login, "GET", "/tiles/"+layer+"/"+cornersTile+".mvt", nil)
	if r.StatusCode == 204 {
		return nil, nil
	}
	ls, err := mvt.Unmarshal(w.want(200, r).body)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range ls {
		for _, f := range l.Features {
			id, _ := f.ID.(float64)
			rows = append(rows, at[int64(id)])
			fields = addNames(fields, f.Properties)
		}
	}
	slices.Sort(rows)
	return rows, fields
}

// alike says where a tile or the live stream shows other rows than the features
// do, or fields that they do not.
func (w *world) alike(what string, want sight, rows, fields []string) {
	w.t.Helper()
	if !slices.Equal(rows, want.rows) {
		w.t.Errorf("%s: rows %v, the features are %v", what, rows, want.rows)
	}
	for _, f := range fields {
		if !slices.Contains(want.fields, f) {
			w.t.Errorf("%s: field %s, which the features do not show", what, f)
		}
	}
}

func addNames[V any](names []string, more map[string]V) []string {
	for name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ears are a live connection that subscribes to all layers, and what it hears.
type ears struct {
	w     *world
	c     *websocket.Conn
	login string
	told  int      // layers that were subscribed to, or refused
	yes   []string // subscribed to
	heard map[string]map[int64]map[string]any
}

func (w *world) listen(login string) *ears {
	w.t.Helper()
	header := http.Header{}
	if login != "" {
		header.Set("Authorization", "Bearer "+w.tokens[login])
	}
	c, res, err := websocket.DefaultDialer.DialContext(w.t.Context(), strings.Replace(w.url, "http", "ws", 1)+"/live", header)
	if err != nil {
		w.t.Fatalf("%v: %+v", err, res)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	e := &ears{w: w, c: c, login: login, heard: map[string]map[int64]map[string]any{}}
	w.await(e.c, "hello")
	for _, l := range cornerRows {
		if err := e.c.WriteJSON(map[string]any{"type": "subscribe", "id": l.layer, "layer": l.layer}); err != nil {
			w.t.Fatal(err)
		}
	}
	for e.told < len(cornerRows) {
		e.read()
	}
	return e
}

// read takes in one message.
func (e *ears) read() {
	e.w.t.Helper()
	_ = e.c.SetReadDeadline(time.Now().Add(20 * time.Second))
	var m struct {
		Type, ID string
		Events   []struct {
			Data struct {
				Layer      string
				ID         int64
				Properties map[string]any
			}
		}
	}
	if err := e.c.ReadJSON(&m); err != nil {
		e.w.t.Fatalf("%q listens: %v", e.login, err)
	}
	switch m.Type {
	case "subscribed":
		e.told++
		e.yes = append(e.yes, m.ID)
	case "error":
		e.told++
	case "ended", "resync":
		e.w.t.Fatalf("%q listens: %+v", e.login, m)
	}
	for _, ev := range m.Events {
		if e.heard[ev.Data.Layer] == nil {
			e.heard[ev.Data.Layer] = map[int64]map[string]any{}
		}
		e.heard[ev.Data.Layer][ev.Data.ID] = ev.Data.Properties
	}
}

// hear listens until the roads have a name.
func (e *ears) hear(name string) {
	e.w.t.Helper()
	named := func() bool {
		for _, p := range e.heard["base_road"] {
			if p["name"] == name {
				return true
			}
		}
		return false
	}
	for slices.Contains(e.yes, "base_road") && !named() {
		e.read()
	}
}

// of is what was heard of a layer.
func (e *ears) of(layer string, at map[int64]string) (rows, fields []string) {
	for id, p := range e.heard[layer] {
		rows, fields = append(rows, at[id]), addNames(fields, p)
	}
	slices.Sort(rows)
	return rows, fields
}
