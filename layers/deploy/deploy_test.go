package deploy_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy"
	"onemap/layers/deploy/roads"
	"onemap/layers/layerstest"
)

var (
	now      = time.Date(2026, 6, 1, 3, 30, 0, 0, time.UTC)
	operator = access.Operator("test")
	burglary = deploy.ClassKey{Standard: "onemap-calls", Code: "110-101"}
)

// A town of 6 by 5 grids about 120.05, 29.3, a street along every grid's edge
// and middle, four stations, and calls mostly in its west.
type town struct {
	t  *testing.T
	db *pgxpool.Pool
	s  *deploy.Store
}

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	l := layers.NewStore(db)
	w := &town{t, db, &deploy.Store{Layers: l, Roads: &roads.Store{Layers: l}, Now: func() time.Time { return now }, Effort: 2_000_000}}
	w.exec(`INSERT INTO map.grid_community (grid_code, area_code, name, geom) SELECT '330700' || lpad((10 * x + y)::text, 9, '0'), '330700' || lpad(x::text, 3, '0'), 'g' || x || y,
		ST_Multi(ST_MakeEnvelope(120.02 + x * 0.01, 29.28 + y * 0.01, 120.03 + x * 0.01, 29.29 + y * 0.01, 4326)) FROM generate_series(0, 5) x, generate_series(0, 4) y`)
	w.exec(`INSERT INTO map.place (id, kind, name, state, geom) SELECT i, 'fire_station', 'station ' || i, CASE i WHEN 4 THEN 'out_of_service' ELSE 'ready' END, ST_SetSRID(ST_MakePoint(120.025 + (i % 2) * 0.04, 29.285 + (i / 2) * 0.03), 4326) FROM generate_series(1, 4) i`)
	w.streets()
	w.calls(600)
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) copy(table string, columns []string, rows [][]any) {
	w.t.Helper()
	if _, err := w.db.CopyFrom(w.t.Context(), pgx.Identifier{"map", table}, columns, pgx.CopyFromRows(rows)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) streets() {
	const n = 13
	at := func(x, y int) orb.Point { return orb.Point{120.02 + float64(x)*0.005, 29.28 + float64(y)*0.005} }
	var rows [][]any
	add := func(x, y, u, v int) {
		rows = append(rows, []any{len(rows) + 1, 1, y*n + x + 1, v*n + u + 1, 500.0, 60.0, 60.0, 360.0, "residential", orb.LineString{at(x, y), at(u, v)}})
	}
	for y := range 11 {
		for x := range n {
			if x+1 < n {
				add(x, y, x+1, y)
			}
			if y+1 < 11 {
				add(x, y, x, y+1)
			}
		}
	}
	w.copy("road_edge", []string{"id", "road", "source", "target", "length_m", "cost", "reverse_cost", "foot_cost", "class", "geom"}, rows)
}

func (w *town) calls(n int) {
	r := rand.New(rand.NewPCG(7, 7))
	var rows [][]any
	for range n {
		x := r.Float64() * r.Float64()
		rows = append(rows, []any{burglary.Standard, burglary.Code, 3, "public", "closed", "", now.Add(-time.Duration(r.IntN(300*24)) * time.Hour), now, orb.Point{120.02 + 0.06*x, 29.28 + 0.05*r.Float64()}})
	}
	w.copy("incident", []string{"class_standard", "class_code", "severity", "source", "state", "dept_code", "occurred_at", "reported_at", "geom"}, rows)
}

func question() deploy.Question {
	return deploy.Question{Model: "mclp", Posts: 3, WithinS: 150, Mode: "car", CRS: "WGS84", Demand: deploy.DemandFrom{Source: "incidents", Classes: []deploy.ClassKey{burglary}},
		Candidates: deploy.CandidatesFrom{Places: []string{"fire_station"}, Grids: "grid_community"}}
}

func (w *town) make(q deploy.Question) deploy.Plan {
	w.t.Helper()
	p, _, err := w.s.Make(w.t.Context(), operator, deploy.Order{UUID: uuid.New(), Title: "t", Question: q})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestAPlanIsKeptWithWhatItWasMadeFrom(t *testing.T) {
	w := newTown(t)
	id := uuid.New()
	order := deploy.Order{UUID: id, Title: "消防站布点", Question: question()}
	p, again, err := w.s.Make(t.Context(), operator, order)
	if err != nil || again {
		t.Fatal(again, err)
	}
	a := p.Answer
	if p.State != "proposed" || len(a.Plan.Posts) != 3 || a.Plan.Demand != 600 || a.Gap == nil || *a.Gap > 0.02 || *a.Bound < a.Plan.Value || len(a.Plan.Unmet) > 0 {
		t.Errorf("the plan: %+v", p)
	}
	if a.Today == nil || len(a.Today.Posts) != 3 || a.Today.Covered >= a.Plan.Covered {
		t.Errorf("today, three stations in service: %+v", a.Today)
	}
	// The curve at the standard is what is covered; areas add up to all.
	if got := a.Plan.Curve[10]; math.Abs(got-a.Plan.Covered) > 1e-6 || a.CurveS[10] != 150 {
		t.Errorf("the curve at %v s is %v, covered is %v", a.CurveS[10], got, a.Plan.Covered)
	}
	demand, covered, served := 0.0, 0.0, 0.0
	for _, r := range a.Plan.Areas {
		demand += r.Demand
		covered += r.Demand * r.Covered
	}
	for _, post := range a.Plan.Posts {
		served += post.Demand
	}
	if math.Abs(demand-600) > 1e-3 || math.Abs(covered-600*a.Plan.Covered) > 1e-2 || math.Abs(served-600*a.Plan.Reached) > 1e-3 {
		t.Errorf("areas have %v of demand and %v of it covered, posts serve %v: %+v", demand, covered, served, a.Plan)
	}
	if twin, again, err := w.s.Make(t.Context(), operator, order); err != nil || !again || twin.ID != p.ID {
		t.Errorf("the order sent again: %v %v %v", twin.ID, again, err)
	}
	other := order
	other.Question.Posts = 2
	if _, again, err := w.s.Make(t.Context(), operator, other); !errors.Is(err, layers.ErrConflict) || again || !strings.Contains(err.Error(), id.String()) {
		t.Errorf("another order under its uuid: %v %v", again, err)
	}
	if _, again, err := w.s.Make(t.Context(), access.Operator("another"), order); !errors.Is(err, layers.ErrConflict) || again {
		t.Errorf("another's order under its uuid: %v %v", again, err)
	}
	if _, _, err := w.s.Edit(t.Context(), operator, p.ID, deploy.Order{UUID: id}, "WGS84", []deploy.Stand{{X: 120.05, Y: 29.3}}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("an edit under its uuid: %v", err)
	}
	// The same question of the same data has the same answer and hash.
	twin := w.make(question())
	x, _ := json.Marshal(p.Answer)
	y, _ := json.Marshal(twin.Answer)
	if string(x) != string(y) || p.Hash != twin.Hash {
		t.Errorf("asked again: %s\n%s", x, y)
	}
	d, err := w.s.Material(t.Context(), operator, p.ID)
	if err != nil || len(d.Candidates) != 33 || len(d.Today) != 3 || len(d.Roads) != 16 {
		t.Errorf("material: %d candidates, %v, %v", len(d.Candidates), d.Today, err)
	}
	plans, next, err := w.s.List(t.Context(), operator, 0)
	if err != nil || len(plans) != 2 || next != 0 || plans[0].ID != twin.ID {
		t.Errorf("the list: %d, %d, %v", len(plans), next, err)
	}
}

// No point of demand shows where a single case was, nor counts fewer than three;
// together they count all.
func TestDemandShowsNoSingleCase(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE map.incident SET geom = ST_SetSRID(ST_MakePoint(120.0799, 29.3299), 4326) WHERE id = (SELECT min(id) FROM map.incident)`)
	d, err := w.s.Preview(t.Context(), operator, question())
	if err != nil {
		t.Fatal(err)
	}
	all := 0.0
	for _, p := range d.Points {
		all += p.Demand
		var nearest float64
		if err := w.db.QueryRow(t.Context(), `SELECT min(greatest(abs(ST_X(geom) - $1), abs(ST_Y(geom) - $2))) FROM map.incident`, p.Lon, p.Lat).Scan(&nearest); err != nil {
			t.Fatal(err)
		}
		if p.Demand < 3 || nearest < 1e-7 {
			t.Errorf("a point of %v cases, %v degrees from one: %+v", p.Demand, nearest, p)
		}
	}
	if all != 600 {
		t.Errorf("%v cases of 600", all)
	}
	w.exec(`DELETE FROM map.incident WHERE id > (SELECT min(id) + 1 FROM map.incident)`)
	var fault *layers.InputError
	if _, err := w.s.Preview(t.Context(), operator, question()); !errors.As(err, &fault) || fault.Field != "demand" || fault.Value != "2" {
		t.Errorf("two cases: %v", err)
	}
}

func TestConditionsOfAPlan(t *testing.T) {
	w := newTown(t)
	for name, tt := range map[string]struct {
		change func(q *deploy.Question)
		holds  func(p deploy.Plan) bool
	}{
		"a station that keeps its unit": {func(q *deploy.Question) { q.Keep = []int64{3} }, func(p deploy.Plan) bool {
			return slices.ContainsFunc(p.Answer.Plan.Posts, func(x deploy.Post) bool { return x.Place == 3 && x.Fixed })
		}},
		"a place that must be reached": {func(q *deploy.Question) { q.Must = []deploy.Named{{Name: "school", X: 120.078, Y: 29.328}} }, func(p deploy.Plan) bool {
			return len(p.Answer.Plan.Unmet) == 0 && slices.ContainsFunc(p.Answer.Plan.Posts, func(x deploy.Post) bool { return x.Lon > 120.065 && x.Lat > 29.315 })
		}},
		"a floor for each area": {func(q *deploy.Question) { q.Areas, q.Floor, q.Posts = "grid_community", 0.3, 13 }, func(p deploy.Plan) bool {
			return len(p.Answer.Plan.Unmet) == 0 && !slices.ContainsFunc(p.Answer.Plan.Areas, func(a deploy.AreaHas) bool { return a.Covered < 0.3 })
		}},
		"a floor that three units cannot keep is told": {func(q *deploy.Question) { q.Floor = 0.5 }, func(p deploy.Plan) bool {
			return slices.ContainsFunc(p.Answer.Plan.Unmet, func(l deploy.Lack) bool { return l.What == "floor" && l.Name != "" })
		}},
		"work that is balanced": {func(q *deploy.Question) { q.Balance, q.Posts = 1.5, 4 }, func(p deploy.Plan) bool { return len(p.Answer.Plan.Unmet) == 0 }},
		"least mean time":       {func(q *deploy.Question) { q.Model = "pmedian" }, func(p deploy.Plan) bool { return *p.Answer.Gap < 0.05 && p.Answer.Plan.MeanS > 0 }},
		"two units at a place": {func(q *deploy.Question) { q.Model, q.Busy, q.Stack, q.Posts = "mexclp", 0.5, 2, 6 }, func(p deploy.Plan) bool {
			units := 0
			for _, x := range p.Answer.Plan.Posts {
				units += x.Units
			}
			return units == 6
		}},
		"on foot it takes longer": {func(q *deploy.Question) { q.Mode = "foot" }, func(p deploy.Plan) bool { return p.Answer.Plan.Covered < 0.2 }},
	} {
		q := question()
		tt.change(&q)
		if p := w.make(q); !tt.holds(p) {
			t.Errorf("%s: unmet %+v; %+v", name, p.Answer.Plan.Unmet, p.Answer.Plan)
		}
	}
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE onemap.class SET public_reported = false WHERE code = '110-102'`)
	for name, tt := range map[string]struct {
		change func(q *deploy.Question)
		field  string
	}{
		"no units":                   {func(q *deploy.Question) { q.Posts = 0 }, "posts"},
		"more units than candidates": {func(q *deploy.Question) { q.Posts = 100 }, "posts"},
		"no candidates":              {func(q *deploy.Question) { q.Candidates = deploy.CandidatesFrom{} }, "candidates"},
		"no standard":                {func(q *deploy.Question) { q.WithinS = 0 }, "within_s"},
		"no calls":                   {func(q *deploy.Question) { q.Demand.From, q.Demand.Until = now.AddDate(-5, 0, 0), now.AddDate(-4, 0, 0) }, "demand"},
		"calls of the future":        {func(q *deploy.Question) { q.Demand.From, q.Demand.Until = now.AddDate(1, 0, 0), now.AddDate(2, 0, 0) }, "demand.from"},
		"a class that officers make": {func(q *deploy.Question) {
			q.Demand.Classes = []deploy.ClassKey{{Standard: "onemap-calls", Code: "110-203"}}
		}, "demand.classes[0]"},
		"a class that is none":    {func(q *deploy.Question) { q.Demand.Classes = []deploy.ClassKey{{Standard: "x", Code: "y"}} }, "demand.classes[0]"},
		"a forecast that is none": {func(q *deploy.Question) { q.Demand = deploy.DemandFrom{Source: "forecast", Run: 77} }, "demand.run"},
		"a station that is out":   {func(q *deploy.Question) { q.Keep = []int64{4} }, "keep"},
		"points without a system": {func(q *deploy.Question) { q.CRS, q.Must = "", []deploy.Named{{X: 120.05, Y: 29.3}} }, "must[0].crs"},
		"a place that none can reach": {func(q *deploy.Question) {
			q.WithinS, q.Must = 10, []deploy.Named{{Name: "school", X: 120.0511, Y: 29.3111}}
		}, "must[0]"},
		"candidates far from any road": {func(q *deploy.Question) {
			q.Candidates = deploy.CandidatesFrom{Points: []deploy.Named{{X: 121, Y: 30}}}
		}, "candidates"},
		"a unit that is always busy":    {func(q *deploy.Question) { q.Model, q.Busy = "mexclp", 1 }, "busy"},
		"an hour without its day":       {func(q *deploy.Question) { h := 8; q.Hour = &h }, "hour"},
		"a number that is none":         {func(q *deploy.Question) { q.WithinS = math.NaN() }, "within_s"},
		"outer time below the standard": {func(q *deploy.Question) { q.Model, q.OuterS = "dsm", 100 }, "outer_s"},
	} {
		q := question()
		tt.change(&q)
		_, _, err := w.s.Make(t.Context(), operator, deploy.Order{Title: "t", Question: q})
		var fault *layers.InputError
		if !errors.As(err, &fault) || fault.Field != tt.field || fault.Remedy == "" {
			t.Errorf("%s: %v, want one about %s", name, err, tt.field)
		}
	}
	// Cases that only officers' rounds found are no demand.
	w.exec(`UPDATE map.incident SET source = 'worker'`)
	var fault *layers.InputError
	if _, _, err := w.s.Make(t.Context(), operator, deploy.Order{Title: "t", Question: question()}); !errors.As(err, &fault) || fault.Field != "demand" {
		t.Errorf("what workers found: %v", err)
	}
	w.exec(`UPDATE map.incident SET source = 'public'; TRUNCATE map.road_edge`)
	if _, _, err := w.s.Make(t.Context(), operator, deploy.Order{Title: "t", Question: question()}); !errors.As(err, &fault) || !strings.Contains(fault.Remedy, "road") {
		t.Errorf("a city without roads: %v", err)
	}
}

// A street that leads nowhere else is told, not taken for far.
func TestRoadsThatDoNotHangTogether(t *testing.T) {
	w := newTown(t)
	w.exec(`DELETE FROM map.road_edge WHERE ST_Intersects(geom, ST_SetSRID(ST_MakeLine(ST_MakePoint(120.0575, 29.2), ST_MakePoint(120.0575, 29.4)), 4326))`)
	q := question()
	q.Candidates = deploy.CandidatesFrom{Points: []deploy.Named{{X: 120.03, Y: 29.30}, {X: 120.04, Y: 29.31}}}
	q.Posts, q.WithinS = 1, 2000
	p := w.make(q)
	said := ""
	for _, n := range p.Answer.Notes {
		said += n.EN
	}
	if p.Answer.Plan.Reached > 0.99 || !strings.Contains(said, "do not hang together") {
		t.Errorf("%v of demand is reached; notes: %s", p.Answer.Plan.Reached, said)
	}
}

func TestWhatIf(t *testing.T) {
	w := newTown(t)
	p := w.make(question())
	stands := func(p deploy.Plan) (out []deploy.Stand) {
		for _, x := range p.Answer.Plan.Posts {
			out = append(out, deploy.Stand{Name: x.Name, X: x.Lon, Y: x.Lat, Units: x.Units})
		}
		return out
	}
	same, err := w.s.WhatIf(t.Context(), operator, p.ID, "WGS84", stands(p))
	if err != nil || same.Gained+same.Lost+same.Sooner+same.Later != 0 || len(same.Points) != 0 || same.Roads || same.Gap == nil || *same.Gap != *p.Answer.Gap {
		t.Errorf("nothing moved: %+v, %v", same, err)
	}
	less, err := w.s.WhatIf(t.Context(), operator, p.ID, "WGS84", stands(p)[1:])
	if err != nil || less.Lost <= 0 || less.Gained != 0 || less.Later <= 0 || less.Sooner != 0 || less.After.Covered >= less.Before.Covered {
		t.Errorf("a post less: %+v, %v", less, err)
	}
	if got := (less.Before.Covered - less.After.Covered) * 600; math.Abs(got-less.Lost+less.Gained) > 1e-2 {
		t.Errorf("coverage falls by %v, lost is %v", got, less.Lost)
	}
	moved := stands(p)
	moved[0].X, moved[0].Y = 120.0777, 29.3277
	far, err := w.s.WhatIf(t.Context(), operator, p.ID, "WGS84", moved)
	if err != nil || far.Lost == 0 || far.Gap != nil || far.After.Posts[0].Candidate != -1 {
		t.Errorf("moved to where no candidate is: %+v, %v", far, err)
	}
	more, err := w.s.WhatIf(t.Context(), operator, p.ID, "WGS84", append(stands(p), deploy.Stand{X: 120.0412, Y: 29.2937}))
	if err != nil || more.Lost != 0 || more.Gained <= 0 || more.Gap != nil {
		t.Errorf("a post more: lost %v, gained %v, gap %v, %v", more.Lost, more.Gained, more.Gap, err)
	}
	e, again, err := w.s.Edit(t.Context(), operator, p.ID, deploy.Order{UUID: uuid.New(), Title: "moved"}, "WGS84", moved)
	if err != nil || again || e.Parent != p.ID || !e.Answer.ByHand || e.Answer.Gap != nil || e.Answer.Plan.Covered != far.After.Covered || e.Question.Posts != 3 {
		t.Errorf("kept as a plan of its own: %+v, %v", e, err)
	}
	// The plan of a plan is worked on as any other.
	if c, err := w.s.WhatIf(t.Context(), operator, e.ID, "WGS84", stands(e)); err != nil || c.Lost != 0 || c.Gained != 0 {
		t.Errorf("of the edited one: %+v, %v", c, err)
	}
	w.exec(`UPDATE map.road_edge SET cost = 3 * cost, reverse_cost = 3 * reverse_cost`)
	if c, err := w.s.WhatIf(t.Context(), operator, p.ID, "WGS84", stands(p)); err != nil || !c.Roads || c.Before.Covered >= p.Answer.Plan.Covered {
		t.Errorf("after the roads changed: %+v, %v", c, err)
	}
	var fault *layers.InputError
	for name, s := range map[string][]deploy.Stand{"no posts": nil, "a place not on Earth": {{X: 500, Y: 1}}, "no place": {{}}} {
		if _, err := w.s.WhatIf(t.Context(), operator, p.ID, "WGS84", s); !errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A plan of a forecast that was withdrawn is not accepted, but refused.
func TestAPlanOfAForecastThatStandsNoMore(t *testing.T) {
	w := newTown(t)
	var run int64
	if err := w.db.QueryRow(t.Context(), `INSERT INTO onemap.forecast_run (state, classes, class_key, recipe, horizon, from_at, to_at, space, params, seed, made_by, record, hash, result_hash)
		VALUES ('done', '[]', 'x', 'x', 'week', now(), now() + interval '7 days', 'lattice', '{}', 1, 'x', '{}', sha256(''), sha256('')) RETURNING id`).Scan(&run); err != nil {
		t.Fatal(err)
	}
	w.exec(`INSERT INTO map.forecast (run, cell, rank, expected, low, high, share, density, area_m2, from_at, to_at, geom)
		SELECT $1, i, i, i, 0, 9, 0.1, 1, 1, now(), now() + interval '7 days', ST_Multi(ST_Expand(ST_SetSRID(ST_MakePoint(120.02 + i * 0.005, 29.30), 4326), 0.001)) FROM generate_series(1, 8) i`, run)
	q := question()
	q.Demand = deploy.DemandFrom{Source: "forecast", Run: run}
	p, kept := w.make(q), w.make(q)
	if _, err := w.s.Decide(t.Context(), operator, kept.ID, "accepted", "", ""); err != nil {
		t.Errorf("while it stands: %v", err)
	}
	w.exec(`UPDATE onemap.forecast_run SET withdrawn_at = now(), withdrawn_why = 'wrong classes'`)
	if _, err := w.s.Decide(t.Context(), operator, p.ID, "accepted", "", ""); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "wrong classes") || !strings.Contains(err.Error(), "make a new one") {
		t.Errorf("accepted: %v", err)
	}
	for id, decision := range map[int64]string{p.ID: "refused", kept.ID: "ended"} {
		if _, err := w.s.Decide(t.Context(), operator, id, decision, "because", ""); err != nil {
			t.Errorf("%s: %v", decision, err)
		}
	}
}

// A plan is made again from its record, whatever became of the cases; not on
// other roads, and not from a record that was changed.
func TestAPlanIsMadeAgain(t *testing.T) {
	w := newTown(t)
	q := question()
	q.Must, q.Keep = []deploy.Named{{Name: "school", X: 120.028, Y: 29.288}}, []int64{3}
	p := w.make(q)
	e, _, err := w.s.Edit(t.Context(), operator, p.ID, deploy.Order{Title: "moved"}, "WGS84", []deploy.Stand{{X: 120.0412, Y: 29.2937, Units: 2}, {X: 120.0777, Y: 29.3277}})
	if err != nil {
		t.Fatal(err)
	}
	w.exec(`DELETE FROM map.incident`)
	for _, id := range []int64{p.ID, e.ID} {
		if same, err := w.s.Remake(t.Context(), operator, id); err != nil || !same {
			t.Errorf("plan %d made again: %v, %v", id, same, err)
		}
	}
	if _, err := w.s.Remake(t.Context(), access.Scope{}, p.ID); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("by the public: %v", err)
	}
	// An answer that is not what the record gives, and a record that is another.
	w.exec(`ALTER TABLE onemap.stationing DISABLE TRIGGER USER`)
	w.exec(`UPDATE onemap.stationing SET answer = jsonb_set(answer, '{plan,covered}', '0.99')`)
	for _, id := range []int64{p.ID, e.ID} {
		if same, err := w.s.Remake(t.Context(), operator, id); err != nil || same {
			t.Errorf("plan %d with another answer: %v, %v", id, same, err)
		}
	}
	w.exec(`UPDATE onemap.stationing SET question = jsonb_set(question, '{within_s}', '200') WHERE id = $1`, p.ID)
	if _, err := w.s.Remake(t.Context(), operator, p.ID); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "record was changed") {
		t.Errorf("with another question: %v", err)
	}
	w.exec(`UPDATE map.road_edge SET cost = 3 * cost`)
	if _, err := w.s.Remake(t.Context(), operator, e.ID); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "roads") {
		t.Errorf("on other roads: %v", err)
	}
}

func TestAPersonDecides(t *testing.T) {
	w := newTown(t)
	p := w.make(question())
	posts := func() (n int) {
		if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM map.post WHERE plan = $1 AND grid_code <> ''`, p.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var fault *layers.InputError
	if _, err := w.s.Decide(t.Context(), operator, p.ID, "refused", " ", ""); !errors.As(err, &fault) || fault.Field != "reason" {
		t.Errorf("refused without a reason: %v", err)
	}
	for _, step := range []struct {
		decision string
		posts    int
		err      error
	}{
		{"ended", 0, layers.ErrConflict}, {"accepted", 3, nil}, {"accepted", 3, layers.ErrConflict}, {"refused", 3, layers.ErrConflict}, {"ended", 0, nil}, {"accepted", 3, nil},
	} {
		got, err := w.s.Decide(t.Context(), operator, p.ID, step.decision, "because", "")
		if !errors.Is(err, step.err) || err == nil && got.State != step.decision || posts() != step.posts {
			t.Errorf("%s: %v, %d posts on the map: %s", step.decision, err, posts(), got.State)
		}
	}
	if _, err := w.db.Exec(t.Context(), `UPDATE onemap.stationing SET title = 'x'`); err == nil {
		t.Error("a plan can be changed")
	}
	var actions []string
	rows, err := w.db.Query(t.Context(), `SELECT action FROM onemap.audit WHERE object = 'stationing/' || $1::bigint ORDER BY id`, p.ID)
	if err == nil {
		actions, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if want := []string{"stationing.plan", "stationing.decide", "stationing.decide", "stationing.decide"}; err != nil || !slices.Equal(actions, want) {
		t.Errorf("the audit has %v, %v", actions, err)
	}
	if _, err := w.s.Get(t.Context(), access.Scope{}, p.ID, ""); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("the public reads a plan: %v", err)
	}
}
