package scorefile_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb/planar"

	"onemap/layers"
	"onemap/layers/forecast/score/scorefile"
	"onemap/layers/gdal"
)

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// One cell of 1000 by 1000 m near Yiwu, as each format and system writes it.
func TestCellsInAnyForm(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		source           scorefile.Source
		flags            bool
		proj             bool
	}{
		{"middle in the zone of CGCS2000", "a.csv", "cell,x,y,risk\nA,39570000,3240000,3.5\n", scorefile.Source{CRS: "EPSG:4527", CellM: 1000}, false, false},
		{"middle in the same zone without its number", "a.csv", "cell,x,y,score\nA,570000,3240000,3.5\n", scorefile.Source{CRS: "EPSG:4548", CellM: 1000}, false, false},
		{"middle in degrees", "a.csv", "grid,lon,lat,score\nA,117.719,29.277,3.5\n", scorefile.Source{CellM: 1000}, false, false},
		{"middle in degrees of GCJ-02", "a.csv", "grid,lng,lat,score\nA,117.719,29.277,3.5\n", scorefile.Source{CRS: "GCJ02", CellM: 1000}, false, false},
		{"box", "a.csv", "id,xmin,ymin,xmax,ymax,expected\nA,569500,3239500,570500,3240500,3.5\n", scorefile.Source{CRS: "EPSG:4548"}, false, false},
		{"WKT with a flag", "a.csv", "id,hotspot,wkt\nA,1,\"POLYGON((569500 3239500,570500 3239500,570500 3240500,569500 3240500,569500 3239500))\"\n", scorefile.Source{CRS: "EPSG:4548"}, true, false},
		{"EWKT", "a.csv", "id,得分,wkt\nA,3.5,\"SRID=4548;POLYGON((569500 3239500,570500 3239500,570500 3240500,569500 3240500,569500 3239500))\"\n", scorefile.Source{CRS: "EPSG:4548"}, false, false},
		{"GeoJSON that names its system", "a.geojson", `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4548"}},"features":[{"type":"Feature","properties":{"id":"A","risk":3.5},"geometry":{"type":"Polygon","coordinates":[[[569500,3239500],[570500,3239500],[570500,3240500],[569500,3240500],[569500,3239500]]]}}]}`, scorefile.Source{}, false, false},
		{"feet of Oregon", "a.csv", "id,xmin,ymin,xmax,ymax,score\nA,7640000,680000,7643280.84,683280.84,3.5\n", scorefile.Source{CRS: "EPSG:2913"}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.proj && !gdal.Installed() {
				t.Skip("GDAL is not installed")
			}
			tt.source.Path = file(t, tt.file, tt.text)
			c, err := scorefile.ReadCells(t.Context(), tt.source)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Cells) != 1 || c.Cells[0].ID != "A" || c.Flags != tt.flags {
				t.Fatalf("%+v", c)
			}
			if !tt.flags && c.Cells[0].Score != 3.5 || tt.flags && !c.Cells[0].Flagged {
				t.Errorf("score %g, flag %v", c.Cells[0].Score, c.Cells[0].Flagged)
			}
			// Zones stretch areas by up to 0.03 %, GCJ-02 bends them by more.
			if a := math.Abs(planar.Area(c.Cells[0].Shape)); math.Abs(a/1e6-1) > 3e-3 || tt.source.CRS != "GCJ02" && math.Abs(a/1e6-1) > 5e-4 {
				t.Errorf("the cell has %.0f m², want a million", a)
			}
		})
	}
}

func TestFaultsOfForecasts(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		source           scorefile.Source
		field, say       string
	}{
		{"empty", "a.csv", "", scorefile.Source{}, "file", "empty"},
		{"no score", "a.csv", "id,lon,lat\nA,117,29\n", scorefile.Source{CellM: 100}, "score", "columns: id, lon, lat"},
		{"no such column", "a.csv", "id,lon,lat,risk\nA,117,29,1\n", scorefile.Source{CellM: 100, Score: "riks"}, "score", "risk"},
		{"no place", "a.csv", "id,risk\nA,1\n", scorefile.Source{}, "forecast", "wkt"},
		{"no size", "a.csv", "id,lon,lat,risk\nA,117,29,1\n", scorefile.Source{}, "cell", "metres"},
		{"no system", "a.csv", "id,x,y,risk\nA,570000,3240000,1\n", scorefile.Source{CellM: 100}, "crs", "EPSG"},
		{"an unknown system", "a.csv", "id,x,y,risk\nA,570000,3240000,1\n", scorefile.Source{CellM: 100, CRS: "moon"}, "crs", "unknown"},
		{"Xi'an 1980, whose parameters only its owner has", "a.csv", "id,x,y,risk\nA,570000,3240000,1\n", scorefile.Source{CellM: 100, CRS: "EPSG:2385"}, "crs", "EPSG:2385"},
		{"the wrong system", "a.csv", "id,x,y,risk\nA,570000,3240000,1\n", scorefile.Source{CellM: 100, CRS: "WGS84"}, "crs", "no place"},
		{"a word for a score", "a.csv", "id,lon,lat,risk\nA,117,29,high\n", scorefile.Source{CellM: 100}, "risk, row 2", "number"},
		{"no number for a score", "a.csv", "id,lon,lat,risk\nA,117,29,NaN\n", scorefile.Source{CellM: 100}, "risk, row 2", "finite"},
		{"a score as a flag", "a.csv", "id,lon,lat,hotspot\nA,117,29,0.7\n", scorefile.Source{CellM: 100}, "hotspot, row 2", "--score"},
		{"points", "a.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"risk":1},"geometry":{"type":"Point","coordinates":[117,29]}}]}`, scorefile.Source{}, "geometry, row 1", "polygon"},
		{"score and flag", "a.csv", "id,lon,lat,risk,hotspot\nA,117,29,1,1\n", scorefile.Source{CellM: 100, Score: "risk", Flag: "hotspot"}, "flag", "two forecasts"},
		{"a box inside out", "a.csv", "id,xmin,ymin,xmax,ymax,risk\nA,2,2,1,1,1\n", scorefile.Source{CRS: "WGS84"}, "box, row 2", "below"},
		{"broken WKT", "a.csv", "id,risk,wkt\nA,1,POLYGON((1 2\n", scorefile.Source{CRS: "WGS84"}, "wkt, row 2", "WKT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.source.Path = file(t, tt.file, tt.text)
			_, err := scorefile.ReadCells(t.Context(), tt.source)
			says(t, err, tt.field, tt.say)
		})
	}
}

func says(t *testing.T, err error, field, text string) {
	t.Helper()
	var wrong *layers.InputError
	if !errors.As(err, &wrong) || wrong.Field != field || !strings.Contains(wrong.Remedy, text) {
		t.Errorf("%v, want field %q and something of %q", err, field, text)
	}
}

const calls = "id,occurred_at,category,lon,lat\n" +
	"1,2026-03-01,theft,120.07,29.30\n" +
	"2,2026-03-31T23:59:00,Theft,120.08,29.31\n" +
	"3,2026-04-01 00:00:00,theft,120.08,29.31\n" +
	"4,2026/3/5,fire,120.08,29.31\n" +
	"5,2026年3月6日,theft,,\n" +
	"6,2026-03-07,theft,0,0\n"

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

func TestEvents(t *testing.T) {
	s := scorefile.EventSource{Path: file(t, "calls.csv", calls), Classes: []string{"theft"}, From: day("2026-03-01"), To: day("2026-04-01")}
	e, err := scorefile.ReadEvents(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.At) != 2 || e.Unplaced != 2 || e.Rows != 6 {
		t.Errorf("%d placed and %d unplaced of %d, want 2 and 2 of 6", len(e.At), e.Unplaced, e.Rows)
	}
	s.Classes, s.From, s.To = nil, time.Time{}, time.Time{}
	if e, err = scorefile.ReadEvents(t.Context(), s); err != nil || len(e.At) != 4 {
		t.Errorf("all: %d, %v", len(e.At), err)
	}
}

func TestFaultsOfEvents(t *testing.T) {
	march := func(s scorefile.EventSource) scorefile.EventSource {
		s.From, s.To = day("2026-03-01"), day("2026-04-01")
		return s
	}
	half := "lon,lat,category\n120,29,a\n,,a\n,,a\n"
	for _, tt := range []struct {
		name, text string
		source     scorefile.EventSource
		field, say string
	}{
		{"a class that is not there", calls, scorefile.EventSource{Classes: []string{"arson"}}, "events", "Classes in the file: Theft, fire, theft"},
		{"a time without events", calls, scorefile.EventSource{From: day("2030-01-01")}, "events", "of the file's 6 none is"},
		{"more than half without coordinates", half, scorefile.EventSource{}, "events", "2 of 3 have none"},
		{"no place", "id,date\n1,2026-03-01\n", scorefile.EventSource{}, "events", "--x and --y"},
		{"no date", "lon,lat\n120,29\n", march(scorefile.EventSource{}), "date", "column"},
		{"a date that is none", "lon,lat,date\n120,29,yesterday\n", march(scorefile.EventSource{}), "date, row 2", "2017-03-01"},
		{"no class", "lon,lat\n120,29\n", scorefile.EventSource{Classes: []string{"a"}}, "class-column", "column"},
		{"no system", "x,y\n570000,3240000\n", scorefile.EventSource{}, "events-crs", "EPSG"},
		{"the wrong system", "x,y\n570000,3240000\n", scorefile.EventSource{CRS: "WGS84"}, "events-crs", "no place"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.source.Path = file(t, "calls.csv", tt.text)
			_, err := scorefile.ReadEvents(t.Context(), tt.source)
			says(t, err, tt.field, tt.say)
		})
	}
}
