package crsfit

import (
	"math"
	"slices"
)

// A system whose parameters only its owner has (Beijing 1954, Xi'an 1980, a
// city's own) lies tens of metres beside CGCS2000. Such a file fits after a
// shift, which says what is wrong with it; it does not put it right, because
// the real transformation is no shift.
const (
	offReachM = 160 // how far is looked
	offStepM  = 16
	offRows   = 80 // rows that are tried with each shift
)

// offset looks for a shift after which a reading fits.
func offset(r Reading, look Look) (by [2]float64, ok bool, err error) {
	rows := different(r.At)
	for len(rows) > offRows {
		rows = everyOther(rows)
	}
	if len(rows) < fewest {
		return by, false, nil
	}
	around := func(tries [][2]float64) ([][]Around, error) {
		var moved []Place
		for _, by := range tries {
			moved = append(moved, shifted(rows, by)...)
		}
		all, err := look(moved)
		return slices.Collect(slices.Chunk(all, len(rows))), err
	}
	grid := disc([2]float64{}, offReachM, offStepM)
	coarse, err := around(grid)
	if err != nil {
		return by, false, err
	}
	start := grid[best(coarse, coarse)]
	fine := disc(start, offStepM, 4)
	close, err := around(fine)
	if err != nil {
		return by, false, err
	}
	i := best(close, coarse)
	return fine[i], standsOut(close[i], coarse) >= offFrom && math.Hypot(fine[i][0], fine[i][1]) >= offStepM/2, nil
}

func everyOther(rows []Place) []Place {
	out := rows[:0:0]
	for i := 0; i < len(rows); i += 2 {
		out = append(out, rows[i])
	}
	return out
}

// best returns which of the tries scores highest, against the surroundings of all.
func best(tries, all [][]Around) int {
	reference := shares(slices.Concat(all...))
	at, most := 0, math.Inf(-1)
	for i, t := range tries {
		if s := score(t, reference); s > most {
			at, most = i, s
		}
	}
	return at
}

// disc returns the points of a lattice around a middle within reach, metres.
func disc(mid [2]float64, reach, step float64) [][2]float64 {
	var out [][2]float64
	for x := -reach; x <= reach; x += step {
		for y := -reach; y <= reach; y += step {
			if math.Hypot(x, y) <= reach {
				out = append(out, [2]float64{mid[0] + x, mid[1] + y})
			}
		}
	}
	return out
}
