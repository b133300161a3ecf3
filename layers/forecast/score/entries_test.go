package score_test

import (
	"os"
	"path/filepath"
	"testing"

	"onemap/layers/forecast/score"
	"onemap/layers/forecast/score/scorefile"
)

const calls = "../../../../shared/data/portland/burglary_vehicle_theft_2012_2017.csv.gz"

var classOf = map[string]string{"Burg": "BURGLARY", "TOA": "MOTOR VEHICLE THEFT"}

// outcome reads the calls of a class and horizon.
func outcome(t *testing.T, class, horizon string) scorefile.Events {
	t.Helper()
	if _, err := os.Stat(calls); err != nil {
		t.Skip("the shared data is not here: ", err)
	}
	h, err := score.HorizonOf(horizon)
	if err != nil {
		t.Fatal(err)
	}
	e, err := scorefile.ReadEvents(t.Context(), scorefile.EventSource{Path: calls, Classes: []string{classOf[class]}, From: score.Start, To: h.End(score.Start)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// N of the table: the windows hold the days that they should, and calls at one
// address on one day are not taken for one.
func TestEventsOfTheChallenge(t *testing.T) {
	done := map[string]bool{}
	for _, row := range table {
		if key := row.class + row.horizon; !done[key] {
			done[key] = true
			if e := outcome(t, row.class, row.horizon); len(e.At) != row.all || e.Unplaced != 0 || e.Rows != 15_206 {
				t.Errorf("%s %s: %d events, %d without a place, of %d rows, want %d of 15206", row.class, row.horizon, len(e.At), e.Unplaced, e.Rows, row.all)
			}
		}
	}
	if len(done) != 8 {
		t.Errorf("%d classes and horizons, want 8", len(done))
	}
}

// The entries themselves are published by their makers (dgarant/nij-crime-challenge,
// MichaelChirico/portland on GitHub) and not ours to keep. Where ONEMAP_NIJ_ENTRIES
// names a folder with them as Shapefiles in zips, garant_TOA_3MO.zip and so on
// by the table, the whole table is made anew. garant's are in the first's folder
// models/poisson/GARANTANALYTICS, the baseline's in its models/baseline, those
// of kernelglitches in the second's submission; each zip has the .shp, .shx,
// .dbf and .prj of one class and horizon.
func TestEntriesOfTheChallenge(t *testing.T) {
	dir := os.Getenv("ONEMAP_NIJ_ENTRIES")
	if dir == "" {
		t.Skip("ONEMAP_NIJ_ENTRIES names no folder with the entries")
	}
	for _, row := range table {
		name := row.entry + "_" + row.class + "_" + row.horizon
		t.Run(name, func(t *testing.T) {
			events := outcome(t, row.class, row.horizon)
			// Not all entries name their system: state plane Oregon North, feet.
			cells, err := scorefile.ReadCells(t.Context(), scorefile.Source{Path: filepath.Join(dir, name+".zip"), CRS: "EPSG:2913"})
			if err != nil {
				t.Fatal(err)
			}
			if !cells.Flags {
				t.Error("not read as flags")
			}
			r := scored(t, made(t, cells.Cells), events.At, score.Rule{Flags: true})
			if r.Hits != row.n || r.BestHits != row.best || r.Flagged != row.cells || r.Outside != 0 {
				t.Errorf("n %d, n* %d, %d cells, %d outside: want %d, %d, %d, none", r.Hits, r.BestHits, r.Flagged, r.Outside, row.n, row.best, row.cells)
			}
			row.check(t, r)
		})
	}
}
