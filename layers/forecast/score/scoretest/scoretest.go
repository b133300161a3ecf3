// Package scoretest has the published entries to the NIJ challenge of 2017 as
// their cells and the real calls score them, for tests and benchmarks of the
// scorer. The entries themselves are not ours to keep.
package scoretest

import (
	"context"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/score"
	"onemap/layers/forecast/score/scorefile"
)

// Calls is the file of the outcome, below the folder of shared data.
const Calls = "portland/burglary_vehicle_theft_2012_2017.csv.gz"

// portlandSqMi is the area of all cells of the entries.
const portlandSqMi = 147.729

// A Row is an entry as its published cells and Portland's calls of March to May
// 2017 score it: n of N events in the cells it flagged, n* by who knew.
type Row struct {
	Entry            string
	Class, Horizon   string
	N, All, Best     int
	Cells            int
	SqMi             float64
	PAI, BestPAI, PE float64 // BestPAI 0: not in the table
}

// Table is of the entries whose cells could be had whole.
var Table = []Row{
	{"garant", "Burg", "1WK", 1, 20, 20, 59, 0.6356, 11.62, 232.5, 0.050},
	{"baseline", "Burg", "1WK", 0, 20, 20, 30, 0.3256, 0, 453.8, 0},
	{"garant", "Burg", "1MO", 2, 93, 50, 48, 0.5209, 6.10, 152.5, 0.040},
	{"kernelglitches", "Burg", "2MO", 0, 175, 34, 32, 0.2943, 0, 97.5, 0},
	{"garant", "Burg", "2MO", 3, 175, 36, 33, 0.3581, 7.07, 84.9, 0.083},
	{"baseline", "Burg", "2MO", 2, 175, 33, 30, 0.3256, 5.19, 85.6, 0.061},
	{"garant", "Burg", "3MO", 5, 268, 50, 41, 0.4450, 6.19, 61.9, 0.100},
	{"baseline", "Burg", "3MO", 4, 268, 39, 30, 0.3256, 6.77, 66.0, 0.103},
	{"garant", "TOA", "2WK", 5, 135, 30, 26, 0.2822, 19.39, 116.3, 0.167},
	{"baseline", "TOA", "2WK", 7, 135, 34, 30, 0.3255, 23.53, 114.3, 0.206},
	{"kernelglitches", "TOA", "1MO", 3, 273, 29, 20, 0.2553, 6.36, 0, 0.103},
	{"garant", "TOA", "1MO", 6, 273, 35, 25, 0.2713, 11.97, 0, 0.171},
	{"baseline", "TOA", "1MO", 11, 273, 40, 30, 0.3255, 18.29, 0, 0.275},
	{"kernelglitches", "TOA", "2MO", 17, 543, 97, 50, 0.6350, 7.28, 0, 0.175},
	{"garant", "TOA", "2MO", 18, 543, 71, 35, 0.3798, 12.89, 0, 0.254},
	{"baseline", "TOA", "2MO", 22, 543, 66, 30, 0.3255, 18.39, 0, 0.333},
	{"garant", "TOA", "3MO", 28, 805, 64, 26, 0.2822, 18.21, 41.6, 0.438},
	{"baseline", "TOA", "3MO", 32, 805, 72, 30, 0.3255, 18.04, 40.6, 0.444},
}

var classOf = map[string]string{"Burg": "BURGLARY", "TOA": "MOTOR VEHICLE THEFT"}

// Outcome reads the calls of a row's class and horizon from a file.
func (row Row) Outcome(ctx context.Context, file string) (scorefile.Events, error) {
	h, err := score.HorizonOf(row.Horizon)
	if err != nil {
		return scorefile.Events{}, err
	}
	return scorefile.ReadEvents(ctx, scorefile.EventSource{Path: file, Classes: []string{classOf[row.Class]}, From: score.Start, To: h.End(score.Start)})
}

// City lays out a city that has the row's counts and areas: n where it was
// flagged, n* - n in one cell that was not, all others where no cell is.
func (row Row) City() ([]score.Cell, []orb.Point) {
	side := math.Sqrt(row.SqMi * score.SquareMileM2 / float64(row.Cells))
	all := make([]score.Cell, 0, 2*row.Cells+1)
	add := func(x, w, h float64, flagged bool) {
		all = append(all, score.Cell{ID: fmt.Sprint(len(all)), Flagged: flagged,
			Shape: orb.MultiPolygon{{{{x, 0}, {x + w, 0}, {x + w, h}, {x, h}, {x, 0}}}}})
	}
	for i := range row.Cells {
		add(float64(i)*side, side, side, true)
		add(-float64(i+1)*side, side, side, false)
	}
	rest := (portlandSqMi - 2*row.SqMi) * score.SquareMileM2
	add(1e6, 1000, rest/1000, false)
	var events []orb.Point
	for i := range row.All {
		switch {
		case i < row.N:
			events = append(events, orb.Point{side / 2, side / 2})
		case i < row.Best:
			events = append(events, orb.Point{-side / 2, side / 2})
		default:
			events = append(events, orb.Point{0, -1000})
		}
	}
	return all, events
}

// Differ says which measures of a result are not those of the table, to its digits.
func (row Row) Differ(r score.Result) (out []string) {
	if r.Hits != row.N || r.Events != row.All || r.BestHits != row.Best || r.Flagged != row.Cells {
		out = append(out, fmt.Sprintf("n/N %d/%d, n* %d, %d cells, want %d/%d, %d, %d", r.Hits, r.Events, r.BestHits, r.Flagged, row.N, row.All, row.Best, row.Cells))
	}
	for _, m := range []struct {
		name           string
		got, want, off float64
	}{
		{"area in square miles", r.FlaggedM2 / score.SquareMileM2, row.SqMi, 0.0001},
		{"PAI", r.PAI, row.PAI, 0.01},
		{"PAI*", r.BestPAI, row.BestPAI, 0.15},
		{"PEI", r.PEI, row.PE, 0.00051},
	} {
		if m.name == "PAI*" && m.want == 0 {
			continue
		}
		if math.Abs(m.got-m.want) > m.off {
			out = append(out, fmt.Sprintf("%s = %.4f, want %g", m.name, m.got, m.want))
		}
	}
	return out
}
