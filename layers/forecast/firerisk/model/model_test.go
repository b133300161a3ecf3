package model_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/firerisk/model"
)

// town is n places in five neighbourhoods and years of fires: workshops burn
// six times as often as homes, places far from water twice as often.
func town(n int, perYear float64, years int, seed uint64) ([]model.Place, []model.Fire) {
	r := rand.New(rand.NewPCG(seed, 1))
	var places []model.Place
	var rate []float64
	sum := 0.0
	for i := range n {
		p := model.Place{At: orb.Point{r.Float64() * 4000, r.Float64() * 4000}, Use: "home", Grades: []model.Graded{{Day: -100, Level: 1 + r.IntN(4)}}, Storeys: float64(1 + r.IntN(9)),
			HeightM: model.Unknown(), AreaM2: 50 + 500*r.Float64(), Built: model.Unknown(), WaterM: r.Float64() * 400}
		v := 1.0
		if i%5 == 0 {
			p.Use, v = "workshop", 6
		}
		if p.WaterM > 200 {
			v *= 2
		}
		for d := r.Float64() * 400; d < float64(years)*365; d += 200 + 300*r.Float64() {
			p.Visits = append(p.Visits, model.Visit{Day: d, Findings: float64(r.IntN(4))})
		}
		v *= 0.3 + 1.4*math.Floor(3*p.At[0]/4000)/2
		places, rate, sum = append(places, p), append(rate, v), sum+v
	}
	var fires []model.Fire
	for day := 0.0; day < float64(years)*365; day += r.ExpFloat64() * 365 / perYear {
		x := r.Float64() * sum
		for i, v := range rate {
			if x -= v; x <= 0 {
				fires = append(fires, model.Fire{Day: day, At: orb.Point{places[i].At[0] + 3*r.NormFloat64(), places[i].At[1] + 3*r.NormFloat64()}})
				break
			}
		}
	}
	return places, fires
}

func TestFitFindsWhatBurns(t *testing.T) {
	places, fires := town(2000, 400, 4, 7)
	m, err := model.Fit(t.Context(), places, fires, 4*365, model.Params{})
	if err != nil {
		t.Fatal(err)
	}
	scores := m.Score(places, fires)
	shops, total, named := 0, 0.0, 0
	for _, s := range scores[:400] {
		if places[s.Place].Use == "workshop" {
			shops++
			if slices.ContainsFunc(s.Drivers, func(d model.Driver) bool { return d.Factor == model.Use && d.Name == "workshop" }) {
				named++
			}
		}
	}
	for n, s := range scores {
		total += s.Expected
		if !(s.Low <= s.Expected && s.Expected <= s.High) || s.Any <= 0 || s.Any >= 1 || s.Rank != n+1 || len(s.Drivers) > 3 {
			t.Fatalf("score %+v", s)
		}
		for _, d := range s.Drivers {
			zh, en := d.Words()
			if d.Times <= 1 || zh == d.Factor || en == d.Factor || strings.Contains(zh+en, "NaN") || strings.Contains(zh+en, "%!") {
				t.Fatalf("driver %+v says %q, %q", d, zh, en)
			}
		}
	}
	if shops < 250 {
		t.Errorf("%d of the first 400 are workshops, of 400 that there are", shops)
	}
	if named < shops*9/10 {
		t.Errorf("%d of %d workshops name their use as a driver", named, shops)
	}
	if total < 300 || total > 500 {
		t.Errorf("%.0f fires a year are expected, of 400", total)
	}
	again := m.Score(places, fires)
	if !reflect.DeepEqual(scores, again) {
		t.Error("the same model scored otherwise a second time")
	}
}

func TestNothingAfterTheCutIsLookedAt(t *testing.T) {
	places, fires := town(600, 300, 4, 3)
	const cut = 3 * 365
	// Every fire is reported twenty days after it was.
	for i := range fires {
		fires[i].Known = fires[i].Day + 20
	}
	before, err := model.Fit(t.Context(), places, fires, cut, model.Params{})
	if err != nil {
		t.Fatal(err)
	}
	// Another future: other fires and other reports, inspections, grades and hazards.
	var other []model.Fire
	unreported := 0
	for _, f := range fires {
		if f.Known > cut {
			f.At = orb.Point{10, 10}
			if f.Day <= cut {
				unreported++
			}
		}
		other = append(other, f)
	}
	if unreported < 5 {
		t.Fatalf("%d fires wait for their report", unreported)
	}
	changed := slices.Clone(places)
	for i := range changed {
		changed[i].Visits = append(slices.Clone(changed[i].Visits), model.Visit{Day: 1e6, Findings: 99, Failed: true})
		changed[i].Visits = slices.DeleteFunc(changed[i].Visits, func(v model.Visit) bool { return v.Day > cut && v.Day < 1e6 })
		changed[i].Visits = append(changed[i].Visits, model.Visit{Day: cut - 0.5, Findings: 99, Failed: true}) // of the day itself
		changed[i].Grades = append(slices.Clone(changed[i].Grades), model.Graded{Day: cut - 0.5, Level: 1 + i%2}, model.Graded{Day: cut + 30, Level: 1})
		changed[i].Hazards = append(changed[i].Hazards, model.Hazard{From: cut + 1, To: math.Inf(1)})
	}
	after, err := model.Fit(t.Context(), changed, other, cut, model.Params{})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := before.Score(places, fires), after.Score(changed, other); !reflect.DeepEqual(a, b) {
		t.Errorf("the score of a past day depends on what came after it: %+v, %+v", a[0], b[0])
	}
}

func TestEvaluateBeatsItsBaselines(t *testing.T) {
	places, fires := town(2000, 400, 5, 11)
	trial, err := model.Evaluate(t.Context(), places, fires, 5*365, 365, 2, 200, 1, model.Params{})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]model.Order{}
	for _, o := range trial.Orders {
		by[o.Name] = o
		t.Logf("%-18s recall %.3f [%.3f, %.3f] lift %.2f AUC %.3f", o.Name, o.Recall, o.Low, o.High, o.Lift, o.AUC)
	}
	if !trial.Passed || len(trial.Splits) != 2 || trial.AtPlaces < 600 {
		t.Errorf("trial %+v", trial)
	}
	if m := by[model.ByModel]; m.Recall <= by[model.ByFires].Recall || m.Recall <= by[model.ByUnseen].Recall || m.Lift < 2 || m.AUC < 0.7 {
		t.Errorf("the model %+v does not beat its baselines", m)
	}
	if o := by[model.ByUnseen]; math.Abs(o.Lift-1) > 0.35 { // inspections have nothing to do with fires here
		t.Errorf("an order that knows nothing has a lift of %.2f", o.Lift)
	}
	again, err := model.Evaluate(t.Context(), places, fires, 5*365, 365, 2, 200, 1, model.Params{})
	if err != nil || !reflect.DeepEqual(trial, again) {
		t.Errorf("the same seed gave another trial: %v", err)
	}
}

// Where fires fall anywhere, no model may pass its gate.
func TestNoiseDoesNotPass(t *testing.T) {
	places, _ := town(800, 1, 1, 5)
	r := rand.New(rand.NewPCG(2, 2))
	passed := 0
	for range 10 {
		var fires []model.Fire
		for range 600 {
			fires = append(fires, model.Fire{Day: r.Float64() * 4 * 365, At: places[r.IntN(len(places))].At})
		}
		trial, err := model.Evaluate(t.Context(), places, fires, 4*365, 365, 1, 80, 3, model.Params{})
		if err != nil {
			t.Fatal(err)
		}
		if trial.Passed {
			passed++
		} else if trial.Why == "" {
			t.Error("withheld without a reason")
		}
	}
	if passed > 2 {
		t.Errorf("%d of 10 models of noise passed", passed)
	}
}

func TestLittleToLearnFrom(t *testing.T) {
	places, fires := town(300, 300, 3, 1)
	one := make([]model.Fire, 200)
	for i := range one {
		one[i] = model.Fire{Day: float64(i * 5), At: places[0].At}
	}
	far := slices.Clone(fires)
	for i := range far {
		far[i].At = orb.Point{1e6, 1e6}
	}
	future := slices.Clone(fires)
	for i := range future {
		future[i].Day += 1e5
	}
	for _, tt := range []struct {
		name   string
		places []model.Place
		fires  []model.Fire
	}{
		{"no fires", places, nil}, {"one fire", places, fires[:1]}, {"ten fires", places, fires[:10]}, {"one place", places[:1], fires}, {"no places", nil, fires},
		{"all in the future", places, future}, {"all far from every place", places, far},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := model.Fit(t.Context(), tt.places, tt.fires, 3*365, model.Params{}); !errors.Is(err, model.ErrFew) {
				t.Errorf("%v", err)
			}
			if _, err := model.Evaluate(t.Context(), tt.places, tt.fires, 3*365, 365, 1, 10, 1, model.Params{}); !errors.Is(err, model.ErrFew) {
				t.Errorf("evaluate: %v", err)
			}
		})
	}
	t.Run("all at one place", func(t *testing.T) {
		m, err := model.Fit(t.Context(), places, one, 1000, model.Params{})
		if err != nil {
			t.Fatal(err)
		}
		s := m.Score(places, one)
		if s[0].Place != 0 || math.IsNaN(s[0].Expected) || math.IsInf(s[0].High, 0) {
			t.Errorf("first is %+v", s[0])
		}
	})
	t.Run("a stop is heeded", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := model.Fit(ctx, places, fires, 3*365, model.Params{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// A person cannot reach the model: the types have no field that could hold one.
func TestNoColumnAboutAPerson(t *testing.T) {
	allowed := map[string][]string{
		"Place": {"At", "Use", "Grades", "Storeys", "HeightM", "AreaM2", "Built", "WaterM", "Visits", "Hazards"},
		"Visit": {"Day", "Findings", "Failed"}, "Hazard": {"From", "To", "Major"}, "Fire": {"Day", "Known", "At"}, "Graded": {"Day", "Level"},
	}
	for _, v := range []any{model.Place{}, model.Visit{}, model.Hazard{}, model.Fire{}, model.Graded{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if !slices.Contains(allowed[typ.Name()], typ.Field(i).Name) {
				t.Errorf("%s.%s is new: what is it about? Nothing about a person may be here", typ.Name(), typ.Field(i).Name)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	var all []model.Candidate
	for i := range 1000 {
		all = append(all, model.Candidate{Place: i, Score: float64(1000 - i), Overdue: float64(i%50) - 44, Unseen: float64(i)})
	}
	picks, err := model.Choose(all, model.Wanted{Lines: 100, Overdue: 0.4, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	n, seen := map[string]int{}, map[int]bool{}
	for _, p := range picks {
		n[p.Reason]++
		if seen[p.Place] {
			t.Errorf("place %d twice", p.Place)
		}
		seen[p.Place] = true
		if c := all[p.Place]; p.Reason == model.ForOverdue && c.Overdue <= 0 {
			t.Errorf("%+v is not overdue", c)
		}
		if (p.Reason == model.ForAudit) != (p.Chance == 0.008) {
			t.Errorf("%+v", p)
		}
	}
	if fmt.Sprint(n) != "map[overdue:37 random:8 risk:55]" {
		t.Errorf("%v", n)
	}
	slices.Reverse(all)
	again, _ := model.Choose(all, model.Wanted{Lines: 100, Overdue: 0.4, Seed: 5})
	if !reflect.DeepEqual(picks, again) {
		t.Error("the same seed picked otherwise")
	}
	other, _ := model.Choose(all, model.Wanted{Lines: 100, Overdue: 0.4, Seed: 6})
	if reflect.DeepEqual(picks, other) {
		t.Error("another seed picked the same")
	}
	none, _ := model.Choose(all, model.Wanted{Lines: 100, Overdue: 0.4, Seed: 5, NoModel: true})
	if slices.ContainsFunc(none, func(p model.Pick) bool { return p.Reason == model.ForRisk }) {
		t.Error("a model that is withheld gave a line")
	}
	for _, w := range []model.Wanted{{Lines: 10, Random: 0.01}, {Lines: 10, Random: 0.5}, {}, {Lines: 10, Overdue: 2}, {Lines: 10, Random: math.NaN()}} {
		if _, err := model.Choose(all, w); err == nil {
			t.Errorf("%+v is accepted", w)
		}
	}
	if few, err := model.Choose(all[:3], model.Wanted{Lines: 100}); err != nil || len(few) != 3 {
		t.Errorf("%v %v", few, err)
	}
}

// The audit is drawn from all places alike, whatever their score.
func TestAuditIsDrawnEvenly(t *testing.T) {
	var all []model.Candidate
	for i := range 40 {
		all = append(all, model.Candidate{Place: i, Score: float64(i)})
	}
	n := make([]float64, 40)
	for seed := range uint64(4000) {
		picks, err := model.Choose(all, model.Wanted{Lines: 20, Random: 0.1, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range picks {
			if p.Reason == model.ForAudit {
				n[p.Place]++
			}
		}
	}
	chi := 0.0
	for _, x := range n {
		chi += (x - 200) * (x - 200) / 200
	}
	if chi > 73 { // 39 degrees of freedom, 0.1 %
		t.Errorf("chi² %.0f: %v", chi, n)
	}
}

func TestTours(t *testing.T) {
	at := map[int]orb.Point{-1: {0, 0}, -2: {1000, 0}}
	var unit []int
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 25 {
		at[i] = orb.Point{r.Float64() * 1000, r.Float64() * 300}
		u := 0
		if at[i][0] > 500 {
			u = 1
		}
		unit = append(unit, u)
	}
	cost := func(a, b int) float64 { return math.Hypot(at[a][0]-at[b][0], at[a][1]-at[b][1]) }
	seen := map[int]bool{}
	for _, tour := range model.Tours(unit, 6, cost) {
		if len(tour.Stops) > 6 || len(tour.Stops) == 0 {
			t.Errorf("%+v", tour)
		}
		for _, i := range tour.Stops {
			if seen[i] || unit[i] != tour.Unit {
				t.Errorf("stop %d of %+v", i, tour)
			}
			seen[i] = true
		}
	}
	if len(seen) != 25 {
		t.Errorf("%d of 25 visits", len(seen))
	}
	// A square is walked around, not across; what cannot be reached is still a stop.
	square := map[int]orb.Point{-1: {0, 0}, 0: {100, 100}, 1: {0, 100}, 2: {100, 0}}
	got := model.Tours([]int{0, 0, 0}, 3, func(a, b int) float64 {
		return math.Hypot(square[a][0]-square[b][0], square[a][1]-square[b][1])
	})
	if s := fmt.Sprint(got[0].Stops); s != "[1 0 2]" && s != "[2 0 1]" {
		t.Errorf("%s", s)
	}
	if got := model.Tours([]int{0, 0}, 3, func(int, int) float64 { return math.Inf(1) }); len(got) != 1 || len(got[0].Stops) != 2 {
		t.Errorf("%v", got)
	}
}

// Grades and inspections of after all trial days change no trial.
func TestATrialDoesNotLookAhead(t *testing.T) {
	places, fires := town(1000, 300, 4, 3)
	const until = 4 * 365
	trial := func() model.Trial {
		t.Helper()
		out, err := model.Evaluate(t.Context(), places, fires, until, 365, 2, 100, 1, model.Params{})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := trial()
	for i := range places { // whoever burnt in the last years was made red since
		level := 4
		if slices.ContainsFunc(fires, func(f model.Fire) bool {
			return f.Day > until-730 && math.Hypot(f.At[0]-places[i].At[0], f.At[1]-places[i].At[1]) < 20
		}) {
			level = 1
		}
		places[i].Visits = append(slices.DeleteFunc(places[i].Visits, func(v model.Visit) bool { return v.Day > until-1 }), model.Visit{Day: until - 1, Findings: float64(9 * (4 - level))})
		places[i].Grades = append(places[i].Grades, model.Graded{Day: until - 1, Level: level})
	}
	if after := trial(); !reflect.DeepEqual(before.Orders, after.Orders) {
		t.Errorf("grades of today changed the trial of past days: %+v, %+v", before.Orders, after.Orders)
	}
	for i := range places {
		places[i].Grades = places[i].Grades[1:]
	}
	if slices.ContainsFunc(trial().Orders, func(o model.Order) bool { return o.Name == model.ByGrade }) {
		t.Error("an order by grade without a grade that was dated by then")
	}
}
