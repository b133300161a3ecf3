package memory

import (
	"testing"

	"onemap/tiles/shape"
)

// Cells that follow each other on the curve are neighbours, and every square of
// the quadtree is one stretch of it: that is why blocks have small boxes and
// low zooms need not look into them.
func TestCurve(t *testing.T) {
	const order = 7
	cells := make([][2]int, 1<<(2*order))
	for x := range 1 << order {
		for y := range 1 << order {
			d := hilbert(uint32(x)<<(32-order), uint32(y)<<(32-order))
			cells[d>>(64-2*order)] = [2]int{x, y}
		}
	}
	seen := map[[2]int]bool{cells[0]: true}
	for i := 1; i < len(cells); i++ {
		a, b := cells[i-1], cells[i]
		if dx, dy := a[0]-b[0], a[1]-b[1]; dx*dx+dy*dy != 1 || seen[b] {
			t.Fatalf("place %d is at %v after %v", i, b, a)
		}
		seen[b] = true
		if i%4 != 0 && (a[0]/2 != b[0]/2 || a[1]/2 != b[1]/2) {
			t.Fatalf("place %d leaves its square of four", i)
		}
	}
}

func TestLargeShapesComeFirst(t *testing.T) {
	var last uint64
	for edge := int64(1 << 36); edge > 0; edge /= 4 {
		key := shapeKey(shape.Box{MinX: 5, MinY: 5, MaxX: 5 + edge - 1, MaxY: 6})
		if key < last {
			t.Errorf("a box %d wide comes before larger ones", edge)
		}
		last = key | (1<<58 - 1)
	}
}
