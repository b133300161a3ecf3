package score_test

import (
	"os"
	"path/filepath"
	"testing"

	"onemap/layers/forecast/score"
	"onemap/layers/forecast/score/scorefile"
	"onemap/layers/forecast/score/scoretest"
)

const calls = "../../../../shared/data/" + scoretest.Calls

// outcome reads the calls of a class and horizon.
func outcome(t *testing.T, row scoretest.Row) scorefile.Events {
	t.Helper()
	if _, err := os.Stat(calls); err != nil {
		t.Skip("the shared data is not here: ", err)
	}
	e, err := row.Outcome(t.Context(), calls)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// N of the table: the windows hold the days that they should, and calls at one
// address on one day are not taken for one.
func TestEventsOfTheChallenge(t *testing.T) {
	done := map[string]bool{}
	for _, row := range scoretest.Table {
		if key := row.Class + row.Horizon; !done[key] {
			done[key] = true
			if e := outcome(t, row); len(e.At) != row.All || e.Unplaced != 0 || e.Rows != 15_206 {
				t.Errorf("%s %s: %d events, %d without a place, of %d rows, want %d of 15206", row.Class, row.Horizon, len(e.At), e.Unplaced, e.Rows, row.All)
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
	for _, row := range scoretest.Table {
		name := row.Entry + "_" + row.Class + "_" + row.Horizon
		t.Run(name, func(t *testing.T) {
			events := outcome(t, row)
			// Not all entries name their system: state plane Oregon North, feet.
			cells, err := scorefile.ReadCells(t.Context(), scorefile.Source{Path: filepath.Join(dir, name+".zip"), CRS: "EPSG:2913"})
			if err != nil {
				t.Fatal(err)
			}
			if !cells.Flags {
				t.Error("not read as flags")
			}
			r := scored(t, made(t, cells.Cells), events.At, score.Rule{Flags: true})
			for _, d := range row.Differ(r) {
				t.Error(d)
			}
			if r.Outside != 0 {
				t.Errorf("%d events outside", r.Outside)
			}
		})
	}
}
