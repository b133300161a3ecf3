// Package modeltest has real places with what happened at them, for tests and
// benchmarks of the model of fire risk.
package modeltest

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/firerisk/model"
)

// A City is places, and when and where what is to be found happened.
type City struct {
	Places []model.Place
	Fires  []model.Fire
	Until  float64 // the cut, days since 1970-01-01
	Width  float64 // days that each past day is looked at after it
	Params model.Params
}

// Trial plays three past days again, with visits to a tenth of the places.
func (c City) Trial(ctx context.Context) (model.Trial, error) {
	return model.Evaluate(ctx, c.Places, c.Fires, c.Until, c.Width, 3, len(c.Places)/10, 1, c.Params)
}

// rows reads a packed table, each row by the names of its columns.
func rows(file string, yield func(get func(column string) string)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	at := map[string]int{}
	for i, h := range head {
		at[h] = i
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
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

// unknown is a place of which little is known.
func unknown(at orb.Point) model.Place {
	u := model.Unknown()
	return model.Place{At: at, Storeys: u, HeightM: u, AreaM2: u, Built: u, WaterM: u}
}

// Minneapolis reads fires and hydrants from the folder of shared data. It has no
// buildings: its places are the squares of 100 m that hold a hydrant or a fire
// of the first years, which is where there are buildings. Three years to learn
// on, the years after to find.
func Minneapolis(dir string) (City, error) {
	middle := orb.Point{-93.265, 44.977}
	c := City{Until: float64(time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).Unix()) / 86400, Width: 365, Params: model.Params{NearM: 75}}
	if err := rows(filepath.Join(dir, "minneapolis/fires.csv.gz"), func(get func(string) string) {
		at, err := time.Parse(time.DateTime, get("alarm_time"))
		lon, lat := number(get("lon")), number(get("lat"))
		if err != nil || math.IsNaN(lon+lat) || lon == 0 || lat == 0 {
			return
		}
		if k := get("nfirs_type"); k < "111" || k > "123" { // buildings and what is in them
			return
		}
		c.Fires = append(c.Fires, model.Fire{Day: float64(at.Unix()) / 86400, At: metres(middle, lon, lat)})
	}); err != nil {
		return City{}, err
	}
	var hydrants []orb.Point
	if err := rows(filepath.Join(dir, "minneapolis/hydrants.csv.gz"), func(get func(string) string) {
		lon, lat := number(get("\ufeffX")), number(get("Y"))
		if math.IsNaN(lon) {
			lon = number(get("X"))
		}
		if !math.IsNaN(lon + lat) {
			hydrants = append(hydrants, metres(middle, lon, lat))
		}
	}); err != nil {
		return City{}, err
	}
	learn := float64(time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC).Unix()) / 86400
	seen := map[[2]int]bool{}
	add := func(p orb.Point) {
		k := [2]int{int(math.Floor(p[0] / 100)), int(math.Floor(p[1] / 100))}
		if seen[k] {
			return
		}
		seen[k] = true
		q := unknown(orb.Point{float64(k[0])*100 + 50, float64(k[1])*100 + 50})
		q.WaterM = math.Inf(1)
		for _, h := range hydrants {
			q.WaterM = math.Min(q.WaterM, math.Hypot(h[0]-q.At[0], h[1]-q.At[1]))
		}
		c.Places = append(c.Places, q)
	}
	for _, h := range hydrants {
		add(h)
	}
	for _, f := range c.Fires {
		if f.Day < learn {
			add(f.At)
		}
	}
	if len(c.Fires) < 2000 || len(hydrants) < 7000 {
		return City{}, fmt.Errorf("Minneapolis: %d fires, %d hydrants: the files are not whole", len(c.Fires), len(hydrants))
	}
	return c, nil
}

// Chicago reads inspections of places of food: what one finds is what is to be
// found, so the event is an inspection with critical findings.
func Chicago(dir string) (City, error) {
	middle := orb.Point{-87.68, 41.85}
	c := City{Width: 180, Params: model.Params{Horizon: 180, NearM: 10}}
	of := map[string]int{}
	err := rows(filepath.Join(dir, "chicago/food_inspections.csv.gz"), func(get func(string) string) {
		day, err := time.Parse(time.DateOnly, get("Inspection_Date"))
		lon, lat := number(get("Longitude")), number(get("Latitude"))
		if err != nil || math.IsNaN(lon+lat) || get("Results") == "Out of Business" {
			return
		}
		i, ok := of[get("License")]
		if !ok {
			i = len(c.Places)
			of[get("License")] = i
			c.Places = append(c.Places, unknown(metres(middle, lon, lat)))
			c.Places[i].Use = get("Facility_Type_Clean")
		}
		d := float64(day.Unix()) / 86400
		p := &c.Places[i]
		if grade := map[byte]int{'1': 1, '2': 2, '3': 3}[(get("Risk") + "      ")[5]]; grade > 0 {
			p.Grades = append(p.Grades, model.Graded{Day: d, Level: grade})
		}
		p.Visits = append(p.Visits, model.Visit{Day: d, Findings: 6*number(get("criticalCount")) + 3*number(get("seriousCount")) + number(get("minorCount")), Failed: get("fail_flag") == "1"})
		if number(get("criticalCount")) > 0 {
			c.Fires = append(c.Fires, model.Fire{Day: d, At: p.At})
			c.Until = math.Max(c.Until, d)
		}
	})
	return c, err
}
