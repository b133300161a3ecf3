package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/accountability"
	"onemap/layers/address"
	"onemap/layers/alert"
	"onemap/layers/bridge"
	"onemap/layers/class"
	"onemap/layers/edit"
	"onemap/layers/forecast"
	"onemap/layers/georef"
	"onemap/layers/grid"
	"onemap/layers/hazard"
	"onemap/layers/hook"
	"onemap/layers/incident"
	"onemap/layers/jobs"
	"onemap/layers/layerstest"
	"onemap/layers/match"
	"onemap/layers/open311"
	"onemap/layers/position"
	"onemap/layers/pull"
	"onemap/layers/push"
	"onemap/layers/quality"
	"onemap/layers/search"
	"onemap/layers/sharing"
	"onemap/layers/task"
	"onemap/layers/upload"
	"onemap/tiles"
	"onemap/web"
	"onemap/web/outbound"
)

// world is a small city behind a server: two grids side by side, one person
// for each role, a list of two classes, some incidents and enterprises.
type world struct {
	t        testing.TB
	db       *pgxpool.Pool
	database string // its URL
	server   *web.Server
	url      string
	log      *logBuffer
	tokens   map[string]string // login -> API key
	jobs     *jobs.Queue       // does nothing until it is run
}

var operator = access.Operator("test")

const password = "Correct-horse-9"

// people of the world: login, organisation, role.
var people = []struct {
	login, org string
	role       access.Role
	grids      []string
}{
	{"admin", "gov", access.Administrator, nil},
	{"security", "gov", access.SecurityAdministrator, nil},
	{"auditor", "gov", access.Auditor, nil},
	{"centre", "centre", access.CommandCentre, nil},
	{"acceptor", "centre", access.Acceptor, nil},
	{"leader", "centre", access.ShiftLeader, nil},
	{"dispatcher", "centre", access.Dispatcher, nil},
	{"urban", "urban", access.DepartmentOfficer, nil},
	{"police", "police", access.DepartmentOfficer, nil},
	{"planner", "centre", access.Planner, nil},
	{"worker", "east", access.GridWorker, []string{"330799001001001"}},
}

func newWorld(t testing.TB) *world {
	t.Helper()
	url := layerstest.URL(t)
	db, err := layers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w := &world{t: t, db: db, database: url, log: new(logBuffer), tokens: map[string]string{}}
	dir := access.NewDirectory(db)
	t.Cleanup(dir.Close)
	ctx := t.Context()
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "east", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799001", NameZH: "东镇", NameEN: "East"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", AreaCode: "330799", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "urban", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "城管局", NameEN: "Urban"},
		{Code: "police", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "公安局", NameEN: "Police"},
	} {
		if err := dir.CreateOrganisation(ctx, operator, o); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, duty_code, geom) VALUES
		('330799001001001', '330799001001', '东一', 'D1', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326))),
		('330799002001001', '330799002001', '西一', 'D2', ST_Multi(ST_MakeEnvelope(120.01, 29.30, 120.02, 29.31, 4326)))`)
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en, initials, severity, dept) VALUES
		('test', 'matter', 'T01', 'T', '测试', 'Test', '井盖缺失', 'Missing manhole cover', 'jgqs', 2, 'urban'),
		('test', 'matter', 'T02', 'T', '测试', 'Test', '噪声扰民', 'Noise', 'zsrm', 3, NULL),
		('other', 'matter', 'T02', 'T', '测试', 'Test', '噪声', 'Noise of another list', 'zs', 3, NULL)`)
	w.exec(`INSERT INTO map.enterprise (name, uscc, industry, risk, dept_code, address, grid_code, area_code, geom) VALUES
		('东方化工', '91330782MA0000000X', 'chemicals', 1, 'police', '东路1号', NULL, NULL, ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)),
		('西方食品', NULL, 'food', 3, 'urban', '=1+1', NULL, NULL, ST_SetSRID(ST_MakePoint(120.015, 29.305), 4326))`)
	w.exec(`INSERT INTO map.base_road (name, class, grid_code, area_code, geom) VALUES
		('人民路', 'primary', NULL, NULL, ST_SetSRID(ST_MakeLine(ST_MakePoint(120.001, 29.305), ST_MakePoint(120.019, 29.305)), 4326))`)
	w.exec(`UPDATE onemap.layer SET open = true WHERE name IN ('base_road', 'base_poi', 'grid_unit')`)
	w.publish("base_road", "base_poi", "grid_unit")
	w.exec(`UPDATE onemap.layer SET owner = 'police', share = 'none', share_basis = 'test' WHERE name = 'enterprise'`)
	if _, err := dir.SeedGrants(ctx, operator); err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		secret := ""
		if p.login == "worker" { // hashing takes its time: one is enough
			secret = password
		}
		if _, err := dir.CreatePerson(ctx, operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Password: secret,
			Roles: []access.Role{p.role}, Grids: p.grids}); err != nil {
			t.Fatal(err)
		}
		key, _, err := dir.CreateKey(ctx, operator, p.login, "test", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		w.tokens[p.login] = key
	}
	if err := dir.Load(ctx); err != nil {
		t.Fatal(err)
	}
	store := layers.NewStore(db)
	photos, err := incident.OpenPhotos(t.TempDir(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = photos.Close() })
	incidents, hazards := &incident.Store{Layers: store, Photos: photos}, &hazard.Store{Layers: store}
	queue, err := jobs.New(db)
	if err != nil {
		t.Fatal(err)
	}
	queue.Poll, queue.Log = 20*time.Millisecond, slog.New(slog.DiscardHandler)
	outside := outbound.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	drafts := grid.NewDrafts(context.WithoutCancel(t.Context()), store, slog.New(slog.DiscardHandler))
	t.Cleanup(drafts.Close)
	hooks := &hook.Store{Layers: store, Directory: dir, Incidents: incidents, Jobs: queue, Log: queue.Log, Post: outside.Post, CheckURL: outside.Check,
		Retry: func(int) time.Duration { return time.Millisecond }}
	hooks.Work()
	w.jobs = queue
	alerts := &alert.Store{Layers: store, Jobs: queue}
	alerts.Work()
	shares := &sharing.Store{Layers: store, Classes: &class.Store{Layers: store}, Jobs: queue, Directory: dir}
	shares.Work()
	matching := &match.Store{Layers: store, Jobs: queue}
	matching.Work()
	uploads := upload.New(store, t.TempDir(), 2)
	uploads.Quality, uploads.Georef = &quality.Store{Layers: store}, &georef.Store{Layers: store}
	pulls := &pull.Store{Uploads: uploads, Directory: dir, Jobs: queue, Open: outside.Open, Dial: outside.Dial, Check: outside.Check}
	pulls.Work()
	positions := position.New(store)
	t.Cleanup(positions.Close)
	qualities := &quality.Store{Layers: store, Directory: dir, Classes: &class.Store{Layers: store}, Edit: &edit.Store{Layers: store}, Jobs: queue}
	qualities.Work()
	w.server = &web.Server{VisitorRate: 1_000_000, // tests come from one address

		Positions: positions,
		Hooks:     hooks,
		Alerts:    alerts,
		Sharing:   shares,
		Scores:    &accountability.Store{Layers: store, Classes: &class.Store{Layers: store}},
		Usage:     &accountability.Usage{Layers: store, Classes: &class.Store{Layers: store}},
		Quality:   qualities,
		Matching:  matching,
		Forecasts: &forecast.Store{Layers: store},
		Uploads:   uploads,
		Pulls:     pulls,
		Push:      &push.Store{Uploads: uploads, Folder: t.TempDir()},
		Bridges:   &bridge.Store{Layers: store, Incidents: incidents},
		Open311:   &open311.Store{Layers: store},
		Outbound:  outside,
		Tasks:     &task.Store{Layers: store, Incidents: incidents, Hazards: hazards}, Hazards: hazards, Grids: drafts,
		Store: store, Directory: dir, Audit: access.NewAudit(db), Incidents: incidents,
		Tiles:   &tiles.Maker{PostGIS: tilefeed.PostGIS{Store: store}},
		Degrees: &tiles.Maker{PostGIS: tilefeed.PostGIS{Store: store, Degrees: true}}, Search: &search.Index{Layers: store}, Addresses: &address.Store{Layers: store}, Timeout: 10 * time.Second,
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Version: "test",
		UI: fstest.MapFS{"index.html": {Data: []byte("<title>centre</title>")}, "m.html": {Data: []byte("<title>phone</title>")},
			"assets/app-1234.js": {Data: []byte("1")}, "placeholder.txt": {}},
	}
	srv := httptest.NewServer(w.server.Handler())
	t.Cleanup(srv.Close)
	w.url = srv.URL
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.WithoutCancel(w.t.Context()), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// publish opens the portal to the public, and shows it layers as they are.
func (w *world) publish(names ...string) {
	w.t.Helper()
	w.exec(`UPDATE onemap.setting SET value = 'true' WHERE key = 'open.portal'`)
	w.exec(`INSERT INTO onemap.open_rule (layer, as_is, set_by) SELECT unnest($1::text[]), true, 'test' ON CONFLICT DO NOTHING`, names)
}

// reply is an answer, read.
type reply struct {
	*http.Response
	body []byte
}

func (r reply) problem(t testing.TB) web.Problem {
	t.Helper()
	if ct := r.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("%d is answered as %q: %s", r.StatusCode, ct, r.body)
	}
	var p web.Problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Errorf("%d is no problem: %v: %s", r.StatusCode, err, r.body)
	}
	return p
}

func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%d: %v: %s", r.StatusCode, err, r.body)
	}
}

// as sends a request with the API key of login, without any for "".
// body may be nil, an io.Reader, or a value sent as JSON.
func (w *world) as(login, method, path string, body any, header ...string) reply {
	w.t.Helper()
	var r io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	default:
		j, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		r, kind = bytes.NewReader(j), "application/json"
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, r)
	if err != nil {
		w.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if login != "" {
		key, ok := w.tokens[login]
		if !ok {
			key = login
		}
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{res, b}
}

func (w *world) want(status int, r reply) reply {
	w.t.Helper()
	if r.StatusCode != status {
		w.t.Fatalf("%s %s: %d, want %d: %s\n%s", r.Request.Method, r.Request.URL.Path, r.StatusCode, status, r.body, w.faults())
	}
	return r
}

// reportBody is a report of class T01 at a place, with a new uuid.
func reportBody(lon, lat float64) map[string]any {
	return map[string]any{
		"uuid": uuid.NewString(), "class": map[string]any{"standard": "test", "code": "T01"},
		"place":       map[string]any{"crs": "WGS84", "coordinates": []float64{lon, lat}, "text": "人民路口"},
		"description": "井盖坏了", "contact": "13800000000",
	}
}

type incidentReply struct {
	incident.Incident
	Cursor  string `json:"cursor"`
	Outside bool   `json:"outside_grids"`
}

func (w *world) report(login string, lon, lat float64) incidentReply {
	w.t.Helper()
	var i incidentReply
	w.want(http.StatusCreated, w.as(login, "POST", "/api/v1/incidents", reportBody(lon, lat))).into(w.t, &i)
	return i
}

// photo is a JPEG of a size, with metadata if exif is given.
func photo(t testing.TB, width, height int, exif []byte) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), 128, 255})
		}
	}
	// The first pixels are red, so that its turning shows.
	for x := range width / 4 {
		for y := range height / 4 {
			m.Set(x, y, color.RGBA{255, 0, 0, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if exif == nil {
		return b.Bytes()
	}
	seg := append([]byte("Exif\x00\x00"), exif...)
	n := len(seg) + 2
	return append([]byte{0xff, 0xd8, 0xff, 0xe1, byte(n >> 8), byte(n)}, append(seg, b.Bytes()[2:]...)...)
}

func fill(pattern string, values map[string]string) string {
	for name, v := range values {
		pattern = strings.ReplaceAll(pattern, "{"+name+"}", v)
	}
	return pattern
}

// faults are the server's own log lines about what went wrong on its side.
func (w *world) faults() string {
	var b strings.Builder
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, "level=ERROR") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// logBuffer is written by the server's goroutines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
