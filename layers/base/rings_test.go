package base

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// at is a place of the tests' picture: at(23) is 2 to the east, 3 to the north.
func at(xy int) location { return location{int32(xy/10) * 1e4, int32(xy%10) * 1e4} }

func line(xy ...int) []location {
	var out []location
	for _, n := range xy {
		out = append(out, at(n))
	}
	return out
}

// squares is the area in squares of the picture.
func squares(m orb.MultiPolygon) float64 {
	a := 0.0
	for _, p := range m {
		for _, r := range p {
			a += signedArea(r) // holes run the other way
		}
	}
	return math.Round(a*1e6*1000) / 1000
}

func TestAssemble(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines [][]location
		outer int // areas
		holes int
		area  float64 // in squares
		open  int
	}{
		{"one closed line", [][]location{line(0, 50, 55, 5, 0)}, 1, 0, 25, 0},
		{"pieces in any order and direction", [][]location{line(55, 50), line(0, 50), line(0, 5, 55)}, 1, 0, 25, 0},
		{"a hole", [][]location{line(0, 50, 55, 5, 0), line(11, 12, 22, 21, 11)}, 1, 1, 24, 0},
		{"an island in the hole", [][]location{line(0, 90, 99, 9, 0), line(11, 81, 88, 18, 11), line(33, 44, 34, 33)}, 2, 1, 32.5, 0},
		{"two holes side by side are one: their border bounds nothing", [][]location{line(0, 50, 55, 5, 0), line(11, 21, 22, 12, 11), line(21, 31, 32, 22, 21)}, 1, 1, 23, 0},
		{"two outers that share a border are one area", [][]location{line(0, 20, 22, 2, 0), line(20, 40, 42, 22, 20)}, 1, 0, 8, 0},
		{"two outers that touch in a corner are two areas", [][]location{line(0, 20, 22, 2, 0), line(22, 42, 44, 24, 22)}, 2, 0, 8, 0},
		{"a hole that touches its outer in a point", [][]location{line(0, 50, 55, 5, 0), line(0, 21, 22, 0)}, 1, 1, 24, 0},
		{"a hole that touches its outer twice cuts it in two", [][]location{line(0, 20, 40, 44, 24, 4, 0), line(20, 32, 24, 12, 20)}, 2, 0, 12, 0},
		{"two holes that touch in a point", [][]location{line(0, 50, 55, 5, 0), line(11, 21, 22, 12, 11), line(22, 32, 33, 23, 22)}, 1, 2, 23, 0},
		{"a line with a spur", [][]location{line(0, 50, 55, 5, 0), line(55, 66, 77)}, 1, 0, 25, 2},
		{"one ring closes, the other is not all there", [][]location{line(0, 50, 55, 5, 0), line(70, 90, 92)}, 1, 0, 25, 2},
		{"two ends a metre apart are one", [][]location{append(line(0, 50, 55, 5), location{0, 90})}, 1, 0, 25, 0},
		{"a line that comes twice in a row of places", [][]location{line(0, 0, 50, 50, 55, 5, 5, 0)}, 1, 0, 25, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := assemble(tt.lines)
			if err != nil {
				t.Fatal(err)
			}
			holes := 0
			for _, p := range got.area {
				holes += len(p) - 1
				for i, r := range p {
					if r[0] != r[len(r)-1] || (signedArea(r) > 0) != (i == 0) {
						t.Errorf("ring %d is not closed or runs the wrong way: %v", i, r)
					}
				}
			}
			if len(got.area) != tt.outer || holes != tt.holes || math.Abs(squares(got.area)-tt.area) > 0.01 || got.open != tt.open {
				t.Errorf("got %d areas, %d holes, %g squares, %d open; want %d, %d, %g, %d",
					len(got.area), holes, squares(got.area), got.open, tt.outer, tt.holes, tt.area, tt.open)
			}
		})
	}
}

func TestAssembleRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines [][]location
	}{
		{"nothing", nil},
		{"an open line", [][]location{line(0, 50, 55)}},
		{"there and back", [][]location{line(0, 50, 0)}},
		{"a chord", [][]location{line(0, 50, 55, 5, 0), line(0, 55)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := assemble(tt.lines); !errors.Is(err, errOpen) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// Whatever the lines, the result is rings that close, each inside or outside of
// the others as the even-odd rule has it.
func FuzzAssemble(f *testing.F) {
	f.Add([]byte{0, 50, 55, 5, 0, 255, 11, 12, 22, 21, 11})
	f.Add([]byte{0, 20, 22, 2, 0, 255, 22, 42, 44, 24, 22})
	f.Fuzz(func(t *testing.T, data []byte) {
		var lines [][]location
		var l []location
		for _, b := range data {
			if b > 99 {
				lines = append(lines, l)
				l = nil
				continue
			}
			l = append(l, at(int(b)))
		}
		lines = append(lines, l)
		got, err := assemble(lines)
		if err != nil {
			return
		}
		if len(got.area) == 0 {
			t.Fatal("neither an area nor an error")
		}
		for _, p := range got.area {
			for _, r := range p {
				if len(r) < 4 || r[0] != r[len(r)-1] {
					t.Fatalf("a ring that is none: %v", r)
				}
				seen := map[orb.Point]bool{}
				for _, q := range r[1:] {
					if seen[q] {
						t.Fatalf("%v comes twice in %v", q, r)
					}
					seen[q] = true
				}
			}
		}
	})
}
