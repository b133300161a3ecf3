package model_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/firerisk/model"
)

// rowsOf reads a real file, each row by the names of its columns.
func rowsOf(t *testing.T, name string, yield func(get func(column string) string)) {
	t.Helper()
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	f, err := os.Open(filepath.Join("../../../../../shared/data", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no real data: " + name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, h := range head {
		at[h] = i
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		yield(func(column string) string {
			if i, ok := at[column]; ok && i < len(row) {
				return row[i]
			}
			return ""
		})
	}
}

func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

func metres(middle orb.Point, lon, lat float64) orb.Point {
	const degree = 111195.0
	return orb.Point{(lon - middle[0]) * degree * math.Cos(middle[1]*math.Pi/180), (lat - middle[1]) * degree}
}

// tell prints a trial's orders and returns their recall.
func tell(t *testing.T, trial model.Trial) map[string]model.Order {
	t.Helper()
	by := map[string]model.Order{}
	for _, o := range trial.Orders {
		by[o.Name] = o
		t.Logf("%-18s recall at %d of %d places %.3f [%.3f, %.3f] lift %.2f AUC %.3f, at 10 %%: %.3f, model finds more by %.3f to %.3f",
			o.Name, trial.K, trial.Places, o.Recall, o.Low, o.High, o.Lift, o.AUC, o.Curve[4], o.LessLow, o.LessHigh)
	}
	t.Logf("%d splits, %d events, %d at places, passed: %v %s", len(trial.Splits), trial.Fires, trial.AtPlaces, trial.Passed, trial.Why)
	return by
}

// Minneapolis has fires and hydrants but no buildings: its places are the
// squares of 100 m that hold a hydrant or a fire of the first years, which is
// where there are buildings. Three years to learn on, the years after to find.
func TestMinneapolis(t *testing.T) {
	middle := orb.Point{-93.265, 44.977}
	square := func(p orb.Point) [2]int { return [2]int{int(math.Floor(p[0] / 100)), int(math.Floor(p[1] / 100))} }
	var fires []model.Fire
	zero := 0
	rowsOf(t, "minneapolis/fires.csv.gz", func(get func(string) string) {
		at, err := time.Parse(time.DateTime, get("alarm_time"))
		lon, lat := number(get("lon")), number(get("lat"))
		if err != nil || math.IsNaN(lon+lat) || lon == 0 || lat == 0 {
			zero++
			return
		}
		if k := get("nfirs_type"); k < "111" || k > "123" { // buildings and what is in them
			return
		}
		fires = append(fires, model.Fire{Day: float64(at.Unix()) / 86400, At: metres(middle, lon, lat)})
	})
	var hydrants []orb.Point
	rowsOf(t, "minneapolis/hydrants.csv.gz", func(get func(string) string) {
		lon, lat := number(get("\ufeffX")), number(get("Y"))
		if math.IsNaN(lon) {
			lon = number(get("X"))
		}
		if !math.IsNaN(lon + lat) {
			hydrants = append(hydrants, metres(middle, lon, lat))
		}
	})
	if len(fires) < 2000 || len(hydrants) < 7000 || zero == 0 {
		t.Fatalf("%d fires, %d hydrants, %d without a place", len(fires), len(hydrants), zero)
	}
	learn := float64(time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC).Unix()) / 86400
	seen := map[[2]int]bool{}
	var places []model.Place
	add := func(p orb.Point) {
		k := square(p)
		if seen[k] {
			return
		}
		seen[k] = true
		at := orb.Point{float64(k[0])*100 + 50, float64(k[1])*100 + 50}
		water := math.Inf(1)
		for _, h := range hydrants {
			water = math.Min(water, math.Hypot(h[0]-at[0], h[1]-at[1]))
		}
		places = append(places, model.Place{At: at, Storeys: model.Unknown(), HeightM: model.Unknown(), AreaM2: model.Unknown(), Built: model.Unknown(), WaterM: water})
	}
	for _, h := range hydrants {
		add(h)
	}
	for _, f := range fires {
		if f.Day < learn {
			add(f.At)
		}
	}
	until := float64(time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).Unix()) / 86400
	trial, err := model.Evaluate(t.Context(), places, fires, until, 365, 3, len(places)/10, 1, model.Params{NearM: 75})
	if err != nil {
		t.Fatal(err)
	}
	by := tell(t, trial)
	if !trial.Passed || by[model.ByModel].Recall < by[model.ByFires].Recall-0.02 || by[model.ByModel].Recall <= by[model.ByUnseen].Recall {
		t.Errorf("the model does not hold against its baselines")
	}
}

// Chicago: what an inspection finds is what is to be found, at places of food.
// The event is an inspection that failed with critical findings.
func TestChicagoInspections(t *testing.T) {
	middle := orb.Point{-87.68, 41.85}
	number2 := map[string]int{}
	var places []model.Place
	var failed []model.Fire
	var when []float64
	rowsOf(t, "chicago/food_inspections.csv.gz", func(get func(string) string) {
		day, err := time.Parse(time.DateOnly, get("Inspection_Date"))
		lon, lat := number(get("Longitude")), number(get("Latitude"))
		if err != nil || math.IsNaN(lon+lat) || get("Results") == "Out of Business" {
			return
		}
		i, ok := number2[get("License")]
		if !ok {
			i = len(places)
			number2[get("License")] = i
			places = append(places, model.Place{At: metres(middle, lon, lat), Use: get("Facility_Type_Clean"), Storeys: model.Unknown(), HeightM: model.Unknown(), AreaM2: model.Unknown(),
				Built: model.Unknown(), WaterM: model.Unknown()})
		}
		d := float64(day.Unix()) / 86400
		p := &places[i]
		if grade := map[byte]int{'1': 1, '2': 2, '3': 3}[(get("Risk") + "      ")[5]]; grade > 0 {
			p.Grades = append(p.Grades, model.Graded{Day: d, Level: grade})
		}
		p.Visits = append(p.Visits, model.Visit{Day: d, Findings: 6*number(get("criticalCount")) + 3*number(get("seriousCount")) + number(get("minorCount")), Failed: get("fail_flag") == "1"})
		if number(get("criticalCount")) > 0 {
			failed = append(failed, model.Fire{Day: d, At: p.At})
			when = append(when, d)
		}
	})
	last := 0.0
	for _, d := range when {
		last = math.Max(last, d)
	}
	trial, err := model.Evaluate(t.Context(), places, failed, last, 180, 3, len(places)/10, 1, model.Params{Horizon: 180, NearM: 10})
	if err != nil {
		t.Fatal(err)
	}
	by := tell(t, trial)
	if !trial.Passed || by[model.ByModel].Recall <= by[model.ByFires].Recall || by[model.ByModel].Recall <= by[model.ByUnseen].Recall {
		t.Errorf("the model does not beat its baselines")
	}
}
