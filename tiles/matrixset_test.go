package tiles_test

import (
	"errors"
	"math"
	"testing"

	"onemap/tiles"
)

// The numbers are those of the sets' definitions in OGC's register, and of
// Tianditu's own description of its set c.
func TestMatrixSets(t *testing.T) {
	for _, tt := range []struct {
		set, id       string
		scale, cell   float64
		columns, rows int
	}{
		{"WebMercatorQuad", "0", 559082264.028717, 156543.033928041, 1, 1},
		{"WebMercatorQuad", "1", 279541132.014358, 78271.5169640204, 2, 2},
		{"WorldCRS84Quad", "0", 279541132.014358, 0.703125, 2, 1},
		{"WorldCRS84Quad", "4", 17471320.7508974, 0.0439453125, 32, 16},
		{"CGCS2000Quad", "1", 279541132.014358, 0.703125, 2, 1},
	} {
		set, ok := tiles.FindMatrixSet(tt.set)
		if !ok {
			t.Fatal(tt.set)
		}
		found := false
		for _, m := range set.Matrices() {
			if m.ID != tt.id {
				continue
			}
			found = true
			if math.Abs(m.ScaleDenominator/tt.scale-1) > 1e-12 || math.Abs(m.CellSize/tt.cell-1) > 1e-12 || m.Columns != tt.columns || m.Rows != tt.rows {
				t.Errorf("%s %s: %+v", tt.set, tt.id, m)
			}
		}
		if !found {
			t.Errorf("%s has no matrix %s", tt.set, tt.id)
		}
	}
}

func TestMatrixSetAddress(t *testing.T) {
	for _, tt := range []struct {
		set, matrix, row, col string
		z, x, y               uint32
		bad                   bool
	}{
		{"WebMercatorQuad", "3", "2", "5", 3, 5, 2, false},
		{"WorldCRS84Quad", "0", "0", "1", 1, 1, 0, false},
		{"WorldCRS84Quad", "0", "1", "0", 0, 0, 0, true},
		{"CGCS2000Quad", "1", "0", "1", 1, 1, 0, false},
		{"CGCS2000Quad", "0", "0", "0", 0, 0, 0, true},
		{"CGCS2000Quad", "2", "1", "3", 2, 3, 1, false},
		{"CGCS2000Quad", "2", "2", "3", 0, 0, 0, true},
		{"CGCS2000Quad", "x", "2", "3", 0, 0, 0, true},
		{"WorldCRS84Quad", "22", "0", "0", 0, 0, 0, true},
	} {
		set, _ := tiles.FindMatrixSet(tt.set)
		at, err := set.Address(tt.matrix, tt.row, tt.col)
		if errors.Is(err, tiles.ErrAddress) != tt.bad || !tt.bad && (uint32(at.Z) != tt.z || at.X != tt.x || at.Y != tt.y) {
			t.Errorf("%+v: %v, %v", tt, at, err)
		}
	}
}
