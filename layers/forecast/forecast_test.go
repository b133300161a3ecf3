package forecast_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
	"onemap/layers/layerstest"
)

var (
	now      = time.Date(2026, 6, 1, 3, 30, 0, 0, time.UTC)
	operator = access.Operator("test")
	burglary = forecast.ClassKey{Standard: "onemap-calls", Code: "110-101"}
	fires    = forecast.ClassKey{Standard: "onemap-calls", Code: "119-101"}
)

// A town is about 6 km by 5 km of 30 grids about 120.05, 29.3, with made-up
// reports of burglary: two hot spots on an even background.
type town struct {
	db *pgxpool.Pool
	s  *forecast.Store
	t  *testing.T
}

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	w := &town{db, &forecast.Store{Layers: layers.NewStore(db), Now: func() time.Time { return now }}, t}
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, geom) SELECT '330700' || lpad((10 * x + y)::text, 9, '0'), '330700' || lpad(x::text, 3, '0'),
		ST_Multi(ST_MakeEnvelope(120.02 + x * 0.01, 29.28 + y * 0.01, 120.03 + x * 0.01, 29.29 + y * 0.01, 4326)) FROM generate_series(0, 5) x, generate_series(0, 4) y`)
	w.exec(`INSERT INTO onemap.setting (key, value) VALUES ('city.time_zone', '"Asia/Shanghai"') ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// report puts n reports of a class into the days before now.
func (w *town) report(n, days int, class forecast.ClassKey, source string) {
	w.t.Helper()
	r := rand.New(rand.NewPCG(7, uint64(n)))
	hot := []orb.Point{{120.034, 29.293}, {120.066, 29.318}}
	i := 0
	_, err := w.db.CopyFrom(w.t.Context(), pgx.Identifier{"map", "incident"},
		[]string{"class_standard", "class_code", "severity", "source", "state", "dept_code", "occurred_at", "reported_at", "grid_code", "area_code", "geom"},
		pgx.CopyFromFunc(func() ([]any, error) {
			if i++; i > n {
				return nil, nil
			}
			at := orb.Point{120.021 + 0.058*r.Float64(), 29.281 + 0.048*r.Float64()}
			if k := r.IntN(4); k > 0 {
				h := hot[k%2]
				at = orb.Point{h[0] + 0.0012*r.NormFloat64(), h[1] + 0.0012*r.NormFloat64()}
			}
			day := now.Add(-time.Duration(days) * 24 * time.Hour).Add(time.Duration(float64(days) * 24 * float64(time.Hour) * (float64(i) - 0.5) / float64(n)))
			when := day.Truncate(24 * time.Hour).Add(time.Duration((12 + r.IntN(6))) * time.Hour) // 20 to 2 by the city's clock
			if when.After(day) {
				when = when.Add(-24 * time.Hour)
			}
			return []any{class.Standard, class.Code, int16(2), source, "closed", "police", when, when.Add(time.Hour), "", "", at}, nil
		}))
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) order(o forecast.Order) forecast.Run {
	w.t.Helper()
	r, _, err := w.s.Order(w.t.Context(), operator, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func weekly() forecast.Order {
	return forecast.Order{Classes: []forecast.ClassKey{burglary}, Horizon: "week", CellM: 300, Share: 0.05, Origins: 14}
}

func TestForecast(t *testing.T) {
	w := newTown(t)
	w.report(900, 420, burglary, "hotline")
	r := w.order(weekly())
	if r.State != forecast.Done {
		t.Fatalf("state %s: %+v\n%+v", r.State, r.Why, r.Summary)
	}
	t.Logf("%s %s\n%s\n%s", r.Model, r.Hash, r.Summary.Verdict.ZH, r.Summary.Verdict.EN)
	if got := r.From.Format(time.RFC3339); got != "2026-06-01T16:00:00Z" || r.To.Sub(r.From) != 7*24*time.Hour {
		t.Errorf("it is of %s to %s", r.From, r.To)
	}
	if rate := 900.0 / 420 * 7; r.Expected < 0.7*rate || r.Expected > 1.4*rate || r.Low >= r.Expected || r.High <= r.Expected {
		t.Errorf("it expects %.1f (%g to %g), and %.1f come a week", r.Expected, r.Low, r.High, rate)
	}
	top, err := w.s.Top(t.Context(), operator, r.ID, 4)
	if err != nil {
		t.Fatal(err)
	}
	if len(top) != 4 || !top[0].Hot || top[0].Rank != 1 || top[0].GridCode == "" || !strings.Contains(top[0].Why.EN, "in a year") {
		t.Fatalf("the top is %+v", top)
	}
	for _, c := range top {
		near := false
		for _, h := range []orb.Point{{120.034, 29.293}, {120.066, 29.318}} {
			near = near || max(abs(c.Centre[0]-h[0]), abs(c.Centre[1]-h[1])) < 0.006
		}
		if !near {
			t.Errorf("cell %d at %v is among the top and at no hot spot", c.Cell, c.Centre)
		}
	}
	rel, err := w.s.Reliability(t.Context(), operator, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if rel.Origins != 14 || len(rel.OverTime) != 14 || !rel.Models[0].Champion || rel.Champion.Model != r.Model || len(rel.Gate) != 5 {
		t.Errorf("the backtest says %+v", rel)
	}
	hours, err := w.s.HoursOf(t.Context(), operator, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	var night float64
	for h, v := range hours.City {
		if h%24 >= 19 || h%24 < 3 {
			night += v
		}
	}
	if night < 0.85 {
		t.Errorf("%.2f of it happens at night, and all reports are of then", night)
	}
	changes, err := w.s.ChangesOf(t.Context(), operator, r.ID, 10)
	if err != nil || changes.Before <= 0 || len(changes.More) == 0 {
		t.Errorf("changes %+v, %v", changes, err)
	}

	t.Run("made again it is the same bits", func(t *testing.T) {
		got, err := w.s.Refit(t.Context(), operator, r.ID, "")
		if err != nil || !got.Same || !got.DataIsSame {
			t.Errorf("%+v, %v", got, err)
		}
		// A case that is moved changes nothing of what was.
		w.exec(`UPDATE map.incident SET geom = ST_Translate(geom, 0.001, 0) WHERE id = (SELECT min(id) FROM map.incident)`)
		got, err = w.s.Refit(t.Context(), operator, r.ID, "")
		if err != nil || !got.Same || got.DataIsSame {
			t.Errorf("after a case was moved: %+v, %v", got, err)
		}
	})
	t.Run("judged, and nothing is kept", func(t *testing.T) {
		kept := func() int {
			return w.count(`SELECT (SELECT count(*) FROM onemap.forecast_run) + (SELECT count(*) FROM onemap.forecast_champion) + (SELECT count(*) FROM onemap.forecast_content) + (SELECT count(*) FROM map.forecast)`)
		}
		before := kept()
		o := weekly()
		o.CellM, o.Angle, o.Origin = 400, 30, &orb.Point{120.05, 29.3}
		got, err := w.s.Judge(t.Context(), operator, o)
		if err != nil || got.Origins != 14 || len(got.Gate) != 5 || len(got.Models) != len(rel.Models) || kept() != before {
			t.Errorf("%d windows, %d models, %d kept that was not, %v", got.Origins, len(got.Models), kept()-before, err)
		}
		o.Classes = []forecast.ClassKey{fires}
		var input *layers.InputError
		if _, err := w.s.Judge(t.Context(), operator, o); !errors.As(err, &input) || !strings.Contains(input.Remedy, "nobody has reported") {
			t.Errorf("of what nobody reported: %v", err)
		}
	})
	t.Run("a later run takes its place", func(t *testing.T) {
		o := weekly()
		o.From = now.Add(48 * time.Hour)
		later := w.order(o)
		old, err := w.s.Get(t.Context(), operator, r.ID)
		if err != nil || old.Current || !later.Current {
			t.Errorf("in force are %v and %v, %v", old.Current, later.Current, err)
		}
		var inForce int64
		if err := w.db.QueryRow(t.Context(), `SELECT min(run) FROM map.forecast WHERE current`).Scan(&inForce); err != nil || inForce != later.ID {
			t.Errorf("the layer has run %d in force, %v", inForce, err)
		}
		c, err := w.s.Compare(t.Context(), operator, r.ID, later.ID, 5)
		if err != nil || c.Overlap < 0.8 || c.Rank < 0.8 || len(c.Differ) != 5 || !c.SameParams {
			t.Errorf("compared: %+v, %v", c, err)
		}
	})
	t.Run("withdrawn, nobody plans on it", func(t *testing.T) {
		got, err := w.s.Withdraw(t.Context(), operator, r.ID, "the data were wrong", "")
		if err != nil || got.State != forecast.Withheld || got.Shown {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, err := w.s.Top(t.Context(), operator, r.ID, 3); !errors.Is(err, layers.ErrConflict) {
			t.Errorf("Top gives %v", err)
		}
		if _, err := w.s.HoursOf(t.Context(), operator, r.ID); !errors.Is(err, layers.ErrConflict) {
			t.Errorf("its hours: %v", err)
		}
		if _, err := w.s.ExposureOf(t.Context(), operator, r.ID); !errors.Is(err, layers.ErrConflict) {
			t.Errorf("its exposure: %v", err)
		}
		if _, err := w.s.Reliability(t.Context(), operator, r.ID); err != nil {
			t.Errorf("its backtest: %v", err)
		}
	})
}

func abs(x float64) float64 { return max(x, -x) }

func TestBadInput(t *testing.T) {
	w := newTown(t)
	w.report(200, 400, burglary, "hotline")
	for _, tt := range []struct {
		name, field string
		change      func(*forecast.Order)
	}{
		{"no classes", "classes", func(o *forecast.Order) { o.Classes = nil }},
		{"a class that is none", "classes", func(o *forecast.Order) { o.Classes = []forecast.ClassKey{{Standard: "x", Code: "y"}} }},
		{"a class that patrols look for", "classes", func(o *forecast.Order) {
			o.Classes = []forecast.ClassKey{burglary, {Standard: "GB/T 47678.5-2026", Code: "09001"}}
		}},
		{"a horizon that is none", "horizon", func(o *forecast.Order) { o.Horizon = "decade" }},
		{"a cut in the future", "until", func(o *forecast.Order) { o.Until = now.Add(time.Hour) }},
		{"a time before the cut", "from", func(o *forecast.Order) { o.From = now.Add(-time.Hour) }},
		{"a time too far ahead", "from", func(o *forecast.Order) { o.From = now.AddDate(1, 0, 0) }},
		{"an hour that is none", "hours", func(o *forecast.Order) { o.Hours = []int{25} }},
		{"a space that is none", "space", func(o *forecast.Order) { o.Space = "street" }},
		{"a size of governance grids", "cell_m", func(o *forecast.Order) { o.Space, o.CellM = forecast.Unit, 100 }},
		{"cells of a metre", "cell_m", func(o *forecast.Order) { o.CellM = 1 }},
		{"all of the city", "share", func(o *forecast.Order) { o.Share = 1 }},
		{"a share and a number", "count", func(o *forecast.Order) { o.Count = 5 }},
		{"a thousand origins", "origins", func(o *forecast.Order) { o.Origins = 1000 }},
		{"a department that is none", "dept", func(o *forecast.Order) { o.Dept = "nobody" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := weekly()
			tt.change(&o)
			_, _, err := w.s.Order(t.Context(), operator, o)
			var input *layers.InputError
			if !errors.As(err, &input) || input.Field != tt.field || input.Remedy == "" {
				t.Errorf("%v", err)
			}
		})
	}
}

// What cannot be forecast is said, and there is no map of it.
func TestNoSilentMap(t *testing.T) {
	w := newTown(t)
	w.exec(`CREATE TABLE grids AS SELECT * FROM map.grid_unit`)
	for _, tt := range []struct {
		name, says string
		set        func(*town)
		change     func(*forecast.Order)
	}{
		{"no events", "nobody has reported", func(*town) {}, nil},
		{"one event", "only 1 cases", func(w *town) { w.report(1, 400, burglary, "hotline") }, nil},
		{"all at one point", "one and the same point", func(w *town) {
			w.report(300, 400, burglary, "hotline")
			w.exec(`UPDATE map.incident SET geom = ST_SetSRID(ST_MakePoint(120.04, 29.3), 4326)`)
		}, nil},
		{"half without coordinates", "have no coordinates", func(w *town) {
			w.report(300, 400, burglary, "hotline")
			w.exec(`UPDATE map.incident SET geom = ST_GeomFromText('POINT EMPTY', 4326) WHERE id % 2 = 0`)
		}, nil},
		{"in another city", "outside of the city", func(w *town) {
			w.report(300, 400, burglary, "hotline")
			w.exec(`UPDATE map.incident SET geom = ST_Translate(geom, 3, 0)`)
		}, nil},
		{"all in the future", "nobody has reported", func(w *town) {
			w.report(300, 400, burglary, "hotline")
			w.exec(`UPDATE map.incident SET occurred_at = occurred_at + interval '3 years'`)
		}, nil},
		{"a month of history", "days long", func(w *town) { w.report(300, 30, burglary, "hotline") }, nil},
		{"found by workers alone", "nobody has reported", func(w *town) { w.report(300, 400, burglary, "worker") }, nil},
		{"no ground", "grids", func(w *town) {
			w.report(300, 400, burglary, "hotline")
			w.exec(`DELETE FROM map.grid_unit`)
		}, nil},
		{"no grids of the kind", "no grids of this kind", func(w *town) { w.report(300, 400, burglary, "hotline") },
			func(o *forecast.Order) { o.Space, o.CellM = forecast.Duty, 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			w.exec(`DELETE FROM map.incident`)
			tt.set(w)
			t.Cleanup(func() {
				_, _ = w.db.Exec(context.Background(), `INSERT INTO map.grid_unit OVERRIDING SYSTEM VALUE SELECT * FROM grids ON CONFLICT DO NOTHING`)
			})
			o := weekly()
			if tt.change != nil {
				tt.change(&o)
			}
			r := w.order(o)
			if r.State != forecast.Failed || r.Why == nil || !strings.Contains(r.Why.EN, tt.says) {
				t.Errorf("state %s: %+v", r.State, r.Why)
			}
			var cells int
			if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM map.forecast`).Scan(&cells); err != nil || cells != 0 {
				t.Errorf("%d cells, %v", cells, err)
			}
		})
	}
}

// A city of one cell has a forecast: of that cell.
func TestOneCell(t *testing.T) {
	w := newTown(t)
	w.report(400, 400, burglary, "public")
	w.exec(`DELETE FROM map.grid_unit WHERE grid_code <> (SELECT min(grid_code) FROM map.grid_unit)`)
	w.exec(`UPDATE map.incident SET geom = ST_SetSRID(ST_MakePoint(120.0205 + (id % 97) * 0.00005, 29.2805 + (id % 89) * 0.00005), 4326)`)
	o := weekly()
	o.Space, o.CellM = forecast.Unit, 0
	r := w.order(o)
	if r.State == forecast.Failed || r.Cells != 1 || r.Expected < 4 || r.Expected > 10 {
		t.Errorf("state %s, %d cells, %.1f expected: %+v", r.State, r.Cells, r.Expected, r.Why)
	}
}
