package score

import (
	"fmt"
	"time"
)

// Units of the rules of the NIJ challenge.
const (
	SquareFootM2 = 0.3048 * 0.3048
	SquareMileM2 = 5280 * 5280 * SquareFootM2
)

// Rules are limits that a forecast has to keep.
type Rules struct {
	Name                    string
	LeastCellM2, MostCellM2 float64 // each cell
	LeastM2, MostM2         float64 // all flagged cells
}

// NIJ are those of the Real-Time Crime Forecasting Challenge: cells of 62,500
// to 360,000 square feet, in all 0.25 to 0.75 square miles.
var NIJ = Rules{"nij", 62_500 * SquareFootM2, 360_000 * SquareFootM2, 0.25 * SquareMileM2, 0.75 * SquareMileM2}

// Start is the first day that the challenge scored.
var Start = time.Date(2017, 3, 1, 0, 0, 0, 0, time.UTC)

// A Horizon is a time that is forecast, from a first day on.
type Horizon struct {
	Name         string
	Days, Months int
}

// Horizons are those of the challenge.
var Horizons = []Horizon{{"1WK", 7, 0}, {"2WK", 14, 0}, {"1MO", 0, 1}, {"2MO", 0, 2}, {"3MO", 0, 3}}

// End returns the day after the last one, months being those of the calendar.
func (h Horizon) End(first time.Time) time.Time { return first.AddDate(0, h.Months, h.Days) }

// HorizonOf finds one by its name.
func HorizonOf(name string) (Horizon, error) {
	for _, h := range Horizons {
		if h.Name == name {
			return h, nil
		}
	}
	return Horizon{}, fmt.Errorf("%w: there is no horizon %q: use 1WK, 2WK, 1MO, 2MO or 3MO", ErrInput, name)
}

// Classes are the challenge's, as the scored calls name them. Street crimes and
// all calls need the calls of every class: they are what the events are then.
var Classes = map[string]string{"burglary": "BURGLARY", "auto": "MOTOR VEHICLE THEFT"}

// A Breach is a limit that a forecast does not keep.
type Breach struct {
	Rule  string `json:"rule"`
	Cells int    `json:"cells,omitempty"` // that break it
	Text  string `json:"text"`
}

// Check says which of the limits the flagged cells break. Cells that the city's
// border cuts come out smaller than the limit without fault.
func (f *Forecast) Check(rule Rule, limits Rules) ([]Breach, error) {
	city := rule.CityM2
	if city == 0 {
		city = f.AreaM2()
	}
	chosen, err := f.choose(rule, city)
	if err != nil {
		return nil, err
	}
	small, large, sum := 0, 0, 0.0
	for _, c := range chosen {
		a := f.space.AreaM2(c)
		sum += a
		// A hundredth of room: planes of surveys do not keep areas exactly.
		if a < limits.LeastCellM2*0.99 {
			small++
		} else if a > limits.MostCellM2*1.01 {
			large++
		}
	}
	var out []Breach
	if small > 0 {
		out = append(out, Breach{"least_cell", small, fmt.Sprintf("%d flagged cells are smaller than %.0f m²; those cut by the border may be", small, limits.LeastCellM2)})
	}
	if large > 0 {
		out = append(out, Breach{"most_cell", large, fmt.Sprintf("%d flagged cells are larger than %.0f m²", large, limits.MostCellM2)})
	}
	if sum < limits.LeastM2*0.99 || sum > limits.MostM2*1.01 {
		out = append(out, Breach{"area", 0, fmt.Sprintf("%.4g km² are flagged, allowed are %.4g to %.4g", sum/1e6, limits.LeastM2/1e6, limits.MostM2/1e6)})
	}
	return out, nil
}
