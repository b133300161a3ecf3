package deploy

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/roads"
	"onemap/layers/deploy/siting"
)

// A Stand is where a unit stands in a what-if.
type Stand struct {
	Name  string  `json:"name,omitempty" maxLength:"100"`
	X     float64 `json:"x" doc:"Longitude, or easting"`
	Y     float64 `json:"y" doc:"Latitude, or northing"`
	Units int     `json:"units,omitempty" minimum:"0" maximum:"20" doc:"Left out: 1"`
}

// A Comparison says what other posts would change.
type Comparison struct {
	Before Measured  `json:"before" doc:"The plan as it is"`
	After  Measured  `json:"after"`
	CurveS []float64 `json:"curve_s" nullable:"false"`
	Gained float64   `json:"gained" doc:"Demand that comes within the standard"`
	Lost   float64   `json:"lost" doc:"Demand that falls out of it"`
	Sooner float64   `json:"sooner" doc:"Demand that is reached sooner by half a minute or more"`
	Later  float64   `json:"later" doc:"Demand that is reached later by half a minute or more"`
	Points []Changed `json:"points" nullable:"false" doc:"Where it changes by half a minute or more, what weighs most first, at most 2000"`
	Hidden bool      `json:"points_withheld,omitempty" doc:"The caller has no right to all that demand was counted from"`
	Gap    *float64  `json:"gap,omitempty" doc:"Against the plan's bound; absent where there are more units than it is of, or one stands at no candidate"`
	Roads  bool      `json:"roads_changed" doc:"The roads or their speeds changed since the plan was made: before is by the roads of now"`
}

// Changed is a point of demand that gains or loses.
type Changed struct {
	Lon     float64  `json:"lon"`
	Lat     float64  `json:"lat"`
	Demand  float64  `json:"demand"`
	BeforeS *float64 `json:"before_s" doc:"null: not reached"`
	AfterS  *float64 `json:"after_s"`
}

// WhatIf says what became of a plan if its posts stood elsewhere: all posts are
// given, those that stay among them. Nothing is kept.
func (s *Store) WhatIf(ctx context.Context, by access.Scope, id int64, system string, stands []Stand) (Comparison, error) {
	w, err := s.what(ctx, by, id, system, stands)
	if err != nil {
		return Comparison{}, said("compare a plan", err)
	}
	c := w.compare()
	seen, err := s.seesDemand(ctx, by, w.plan.Question, w.data)
	if err != nil {
		return Comparison{}, err
	}
	if !seen {
		c.Points, c.Hidden = []Changed{}, true
	}
	return c, nil
}

// Edit keeps a plan that a person changed as a proposal of its own.
func (s *Store) Edit(ctx context.Context, by access.Scope, id int64, o Order, system string, stands []Stand) (Plan, bool, error) {
	content := o.content(by, id, system, stands)
	if p, again, err := s.before(ctx, by, &o.UUID, content); again || err != nil {
		return p, again, err
	}
	w, err := s.what(ctx, by, id, system, stands)
	if err != nil {
		return Plan{}, false, said("change a plan", err)
	}
	if o.Title == "" {
		o.Title = w.plan.Title
	}
	if o.Title, err = title(o.Title); err != nil {
		return Plan{}, false, err
	}
	c := w.compare()
	o.Org = w.plan.Org
	q := w.plan.Question
	q.Posts = len(w.after)
	g, err := s.Roads.Graph(ctx, q.profile())
	if err != nil {
		return Plan{}, false, said("change a plan", err)
	}
	w.data.Roads = g.Print() // those that its times are of
	a := Answer{Plan: c.After, Today: w.plan.Answer.Today, CurveS: c.CurveS, Gap: c.Gap, ByHand: true, Notes: w.plan.Answer.Notes}
	if c.Gap != nil {
		a.Bound = w.plan.Answer.Bound
	}
	return s.keep(ctx, by, o, content, q, w.data, a, id)
}

// what is a plan beside other posts.
type what struct {
	plan          Plan
	data          Data
	problem       *siting.Problem
	before, after []Candidate // one a unit
	was, is       siting.Evaluation
	changed       bool
}

func (s *Store) what(ctx context.Context, by access.Scope, id int64, system string, stands []Stand) (what, error) {
	plan, err := s.one(ctx, by, "p.id = ", id)
	if err != nil {
		return what{}, err
	}
	t, err := s.tables.of(plan)
	if err != nil {
		return what{}, err
	}
	w := what{plan: plan, data: t.data}
	for _, p := range plan.Answer.Plan.Posts {
		for range p.Units {
			w.before = append(w.before, Candidate{Lon: p.Lon, Lat: p.Lat, Name: p.Name, Kind: p.Kind, Place: p.Place, Fixed: p.Fixed})
		}
	}
	if w.after, err = s.standing(ctx, t.data, w.before, system, stands); err != nil {
		return what{}, err
	}
	times, err := s.times(ctx, t, plan.Question, append(slices.Clone(w.before), w.after...))
	if err != nil {
		return what{}, err
	}
	w.problem = t.data.problem(plan.Question, nil)
	w.was, w.is = w.problem.Measure(times[:len(w.before)]), w.problem.Measure(times[len(w.before):])
	w.changed = abs(w.was.Value-plan.Answer.Plan.Value) > 1e-4*max(1, plan.Answer.Plan.Value)
	return w, nil
}

func abs(v float64) float64 { return math.Abs(v) }

// standing are the units of a what-if. One that stands where a post or a
// candidate is, is that.
func (s *Store) standing(ctx context.Context, d Data, before []Candidate, system string, stands []Stand) ([]Candidate, error) {
	if len(stands) == 0 || len(stands) > 200 {
		return nil, &layers.InputError{Field: "posts", Value: fmt.Sprint(len(stands)), Remedy: "1 to 200 posts: all that there would be, those that stay among them"}
	}
	named := make([]Named, len(stands))
	for i, p := range stands {
		named[i] = Named{p.Name, p.X, p.Y}
	}
	if err := s.locate(ctx, "posts", system, named); err != nil {
		return nil, err
	}
	var out []Candidate
	for i, n := range named {
		if stands[i].Units < 0 || stands[i].Units > 20 {
			return nil, &layers.InputError{Field: fmt.Sprintf("posts[%d].units", i), Value: fmt.Sprint(stands[i].Units), Remedy: "1 to 20 units"}
		}
		c := Candidate{Lon: n.X, Lat: n.Y, Name: n.Name, Kind: "point"}
		same := func(k Candidate) bool { return abs(k.Lon-n.X) < 1e-7 && abs(k.Lat-n.Y) < 1e-7 }
		if k := slices.IndexFunc(before, same); k >= 0 {
			c = before[k]
		} else if k := slices.IndexFunc(d.Candidates, same); k >= 0 {
			c = d.Candidates[k]
		} else if c.Name == "" {
			c.Name = fmt.Sprintf("#%d", i+1)
		}
		for range max(1, stands[i].Units) {
			out = append(out, c)
		}
	}
	return out, nil
}

// sooner is how many seconds make a difference.
const sooner = 30

func (w what) compare() Comparison {
	q := w.plan.Question
	c := Comparison{Before: w.data.measured(q, w.problem, w.was, w.before), After: w.data.measured(q, w.problem, w.is, w.after), CurveS: q.curve(), Points: []Changed{}, Roads: w.changed}
	furthest := q.furthest()
	for i, p := range w.data.Points {
		if p.Demand == 0 {
			continue
		}
		was, is := float64(w.was.Seconds[i]), float64(w.is.Seconds[i])
		switch {
		case was > q.WithinS && is <= q.WithinS:
			c.Gained += p.Demand
		case was <= q.WithinS && is > q.WithinS:
			c.Lost += p.Demand
		}
		d := min(is, furthest) - min(was, furthest)
		switch {
		case d <= -sooner:
			c.Sooner += p.Demand
		case d >= sooner:
			c.Later += p.Demand
		default:
			continue
		}
		c.Points = append(c.Points, Changed{p.Lon, p.Lat, round(p.Demand), finite(was), finite(is)})
	}
	weight := func(p Changed) float64 {
		at := func(s *float64) float64 {
			if s == nil {
				return furthest
			}
			return *s
		}
		return p.Demand * abs(at(p.AfterS)-at(p.BeforeS))
	}
	slices.SortStableFunc(c.Points, func(a, b Changed) int { return cmp.Compare(weight(b), weight(a)) })
	c.Points = c.Points[:min(len(c.Points), 2000)]
	c.Gained, c.Lost, c.Sooner, c.Later = round(c.Gained), round(c.Lost), round(c.Sooner), round(c.Later)
	if b := w.plan.Answer.Bound; b != nil && len(w.after) <= w.plan.Question.Posts && !slices.ContainsFunc(c.After.Posts, func(p Post) bool { return p.Candidate < 0 }) && !w.changed {
		if most := max(*b, c.After.Value); most > 0 {
			gap := round(abs(*b-c.After.Value) / most)
			c.Gap = &gap
		}
	}
	return c
}

func finite(s float64) *float64 {
	if math.IsInf(s, 0) {
		return nil
	}
	s = math.Round(s)
	return &s
}

// tables keep plans that are worked on: unpacked, with the times of the posts
// that were asked for.
type tables struct {
	mu   sync.Mutex
	kept map[uuid.UUID]*table
	use  []uuid.UUID // the one used last at the end
}

// keptTables and keptTimes bound what is kept: some 80 kB a post of a large plan.
const (
	keptTables = 8
	keptTimes  = 500
)

type table struct {
	data  Data
	mu    sync.Mutex
	graph *roads.Graph
	times map[orb.Point][]float32
}

func (t *tables) of(p Plan) (*table, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.use = append(slices.DeleteFunc(t.use, func(k uuid.UUID) bool { return k == p.UUID }), p.UUID)
	if k, ok := t.kept[p.UUID]; ok {
		return k, nil
	}
	d, err := unpack(p.data)
	if err != nil {
		return nil, err
	}
	if t.kept == nil {
		t.kept = map[uuid.UUID]*table{}
	}
	t.kept[p.UUID] = &table{data: d}
	if len(t.use) > keptTables {
		delete(t.kept, t.use[0])
		t.use = t.use[1:]
	}
	return t.kept[p.UUID], nil
}

// times are the seconds from stands to the points of a plan: those of posts that
// stood there before are known.
func (s *Store) times(ctx context.Context, t *table, q Question, stands []Candidate) ([][]float32, error) {
	g, err := s.Roads.Graph(ctx, q.profile())
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.graph != g || len(t.times) > keptTimes {
		t.graph, t.times = g, map[orb.Point][]float32{}
	}
	var missing []orb.Point
	for _, c := range stands {
		if _, ok := t.times[c.at()]; !ok && !slices.Contains(missing, c.at()) {
			missing = append(missing, c.at())
		}
	}
	if len(missing) > 0 {
		m, err := s.Roads.Matrix(ctx, q.profile(), missing, t.data.pointsAt(), q.furthest())
		if err != nil {
			return nil, err
		}
		for i, p := range missing {
			t.times[p] = m.Seconds[i]
		}
	}
	out := make([][]float32, len(stands))
	for i, c := range stands {
		out[i] = t.times[c.at()]
	}
	return out, nil
}
