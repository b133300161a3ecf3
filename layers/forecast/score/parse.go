package score

import (
	"fmt"
	"strconv"
	"strings"
)

// units of areas, in square metres, by how they end.
var units = []struct {
	name string
	m2   float64
}{{"sqmi", SquareMileM2}, {"sqft", SquareFootM2}, {"km2", 1e6}, {"km²", 1e6}, {"ha", 1e4}, {"m2", 1}, {"m²", 1}}

// ParseArea reads a part of a city: a share ("1%") or an area with its unit
// ("0.25sqmi", "2.5km2", "60ha", "650000m2"). One of the two results is zero.
func ParseArea(text string) (m2, share float64, err error) {
	s := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	if n, ok := strings.CutSuffix(s, "%"); ok {
		v, err := strconv.ParseFloat(n, 64)
		if err == nil && v > 0 && v <= 100 {
			return 0, v / 100, nil
		}
	}
	for _, u := range units {
		if n, ok := strings.CutSuffix(s, u.name); ok {
			v, err := strconv.ParseFloat(n, 64)
			if err == nil && v > 0 && v < 1e9 {
				return v * u.m2, 0, nil
			}
			break
		}
	}
	return 0, 0, fmt.Errorf("%w: the area is %q: give a share such as 1%%, or an area such as 2.5km2, 0.25sqmi, 60ha or 650000m2", ErrInput, text)
}
