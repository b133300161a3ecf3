// Package backtesttest has real cities for benchmarks and tests of forecasts:
// their outlines and events, in metres of a plane about the city's middle and
// days since 1970.
package backtesttest

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers/forecast/hotspot"
)

// A City is an outline and events by class, sorted.
type City struct {
	Outline orb.MultiPolygon
	Classes []string
	Events  map[string][]hotspot.Event
	Lost    map[string]int // rows of each class without a place or a day
}

// Day is the number of a date since 1970-01-01, such as "2016-03-07"; it
// panics on one that is none.
func Day(date string) float64 {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return float64(t.Unix()) / 86400
}

// Portland reads burglaries and vehicle thefts from dir, 2012-03 to 2017-05,
// with a date and no time of day.
func Portland(dir string) (City, error) {
	c, plane, err := city(filepath.Join(dir, "portland/police_districts.geojson"))
	if err != nil {
		return City{}, err
	}
	c.Classes = []string{"burglary", "vehicle theft"}
	err = rows(filepath.Join(dir, "portland/burglary_vehicle_theft_2012_2017.csv.gz"), func(get func(string) string) {
		class := "burglary"
		if get("category") == "MOTOR VEHICLE THEFT" {
			class = "vehicle theft"
		}
		c.add(class, plane, get, time.DateOnly, get("occ_date"))
	})
	return c.sorted(), err
}

// stLouis are the five classes that the public reports, by the first two digits
// of the crime code.
var stLouis = map[string]string{"03": "robbery", "04": "aggravated assault", "05": "burglary", "06": "larceny", "07": "vehicle theft"}

// StLouis reads the five classes from dir, 2008 to 2015, with times to the
// minute. Rows of count -1 cancel one of the same complaint; one complaint of
// one class is one event, however many rows it has.
func StLouis(dir string) (City, error) {
	c, plane, err := city(filepath.Join(dir, "stlouis/neighborhoods.geojson"))
	if err != nil {
		return City{}, err
	}
	c.Classes = []string{"robbery", "aggravated assault", "burglary", "larceny", "vehicle theft"}
	net := map[[4]string]int{}
	file := filepath.Join(dir, "stlouis/incidents_2008_2015.csv.gz")
	key := func(get func(string) string) ([4]string, string, bool) {
		code := get("crime_code")
		class, ok := stLouis[strings.Repeat("0", max(0, 6-len(code)))+code[:max(0, len(code)-4)]]
		if get("complaint") != "" {
			return [4]string{class, get("complaint")}, class, ok
		}
		return [4]string{class, get("date_occur"), get("address"), get("lon") + get("lat")}, class, ok
	}
	err = rows(file, func(get func(string) string) {
		if k, _, ok := key(get); ok {
			n, _ := strconv.Atoi(get("count"))
			net[k] += n
		}
	})
	if err != nil {
		return City{}, err
	}
	first, end := Day("2008-01-01"), Day("2016-01-01")
	err = rows(file, func(get func(string) string) {
		k, class, ok := key(get)
		if !ok || get("flag_crime") != "Y" || net[k] <= 0 || get("count") == "-1" {
			return
		}
		net[k] = 0
		if d, err := time.Parse(time.DateTime, get("date_occur")); err == nil {
			if day := float64(d.Unix()) / 86400; day < first || day >= end {
				return
			}
		}
		c.add(class, plane, get, time.DateTime, get("date_occur"))
	})
	return c.sorted(), err
}

// Minneapolis reads confirmed fires from dir, 2013 to 2022-04.
func Minneapolis(dir string) (City, error) {
	c, plane, err := city(filepath.Join(dir, "minneapolis/minneapolis_city_boundary.geojson"))
	if err != nil {
		return City{}, err
	}
	c.Classes = []string{"fire"}
	err = rows(filepath.Join(dir, "minneapolis/fires.csv.gz"), func(get func(string) string) {
		if get("lon") == "0.000000" || get("lon") == "0" {
			c.Lost["fire"]++
			return
		}
		c.add("fire", plane, get, time.DateTime, get("alarm_time"))
	})
	return c.sorted(), err
}

func (c City) add(class string, plane func(orb.Point) orb.Point, get func(string) string, layout, when string) {
	lon, err1 := strconv.ParseFloat(get("lon"), 64)
	lat, err2 := strconv.ParseFloat(get("lat"), 64)
	t, err3 := time.Parse(layout, when)
	if errors.Join(err1, err2, err3) != nil {
		c.Lost[class]++
		return
	}
	c.Events[class] = append(c.Events[class], hotspot.Event{Day: float64(t.Unix()) / 86400, At: plane(orb.Point{lon, lat})})
}

func (c City) sorted() City {
	for _, events := range c.Events {
		hotspot.Sort(events)
	}
	return c
}

// city reads an outline and makes its plane.
func city(file string) (City, func(orb.Point) orb.Point, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return City{}, nil, err
	}
	fc, err := geojson.UnmarshalFeatureCollection(b)
	if err != nil {
		return City{}, nil, fmt.Errorf("%s: %w", file, err)
	}
	c := City{Events: map[string][]hotspot.Event{}, Lost: map[string]int{}}
	for _, f := range fc.Features {
		switch g := f.Geometry.(type) {
		case orb.Polygon:
			c.Outline = append(c.Outline, g)
		case orb.MultiPolygon:
			c.Outline = append(c.Outline, g...)
		}
	}
	plane := equalArea(c.Outline.Bound().Center())
	for _, p := range c.Outline {
		for _, r := range p {
			for i := range r {
				r[i] = plane(r[i])
			}
		}
	}
	return c, plane, nil
}

// equalArea is Lambert's azimuthal projection of the sphere of the Earth's
// authalic radius about a point (Snyder 1987, 24-2 to 24-4), in metres.
func equalArea(middle orb.Point) func(orb.Point) orb.Point {
	const radiusM = 6371007.2
	sin0, cos0 := math.Sincos(middle[1] * math.Pi / 180)
	return func(p orb.Point) orb.Point {
		sin, cos := math.Sincos(p[1] * math.Pi / 180)
		sinD, cosD := math.Sincos((p[0] - middle[0]) * math.Pi / 180)
		k := radiusM * math.Sqrt(2/(1+sin0*sin+cos0*cos*cosD))
		return orb.Point{k * cos * sinD, k * (cos0*sin - sin0*cos*cosD)}
	}
}

// rows calls f for each row of a gzipped CSV file, with what gets a field.
func rows(file string, f func(get func(string) string)) error {
	z, err := os.Open(file)
	if err != nil {
		return err
	}
	defer z.Close()
	in, err := gzip.NewReader(z)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	head = slices.Clone(head)
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		f(func(name string) string { return row[slices.Index(head, name)] })
	}
}
