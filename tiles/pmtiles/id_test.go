package pmtiles_test

import (
	"testing"

	"pgregory.net/rapid"

	"onemap/tiles/pmtiles"
)

// The numbers of the specification, section 4.
func TestIDsOfTheSpecification(t *testing.T) {
	for _, tt := range []struct {
		z    uint8
		x, y uint32
		id   uint64
	}{
		{0, 0, 0, 0},
		{1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4},
		{2, 0, 0, 5},
		{12, 3423, 1763, 19078479},
	} {
		if got := pmtiles.ID(tt.z, tt.x, tt.y); got != tt.id {
			t.Errorf("%d/%d/%d has id %d, want %d", tt.z, tt.x, tt.y, got, tt.id)
		}
	}
}

func TestAddressIsTheInverseOfID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Uint8Range(0, pmtiles.MaxZoom).Draw(t, "z")
		last := uint32(1<<z - 1)
		x, y := rapid.Uint32Range(0, last).Draw(t, "x"), rapid.Uint32Range(0, last).Draw(t, "y")
		gz, gx, gy, ok := pmtiles.Address(pmtiles.ID(z, x, y))
		if !ok || gz != z || gx != x || gy != y {
			t.Fatalf("%d/%d/%d came back as %d/%d/%d", z, x, y, gz, gx, gy)
		}
	})
	if _, _, _, ok := pmtiles.Address(^uint64(0)); ok {
		t.Error("an id past the last has an address")
	}
}

// Two ids in a row are neighbours on the map, and the four children of a tile
// have ids in a row: what makes runs long and walks by level possible.
func TestCurve(t *testing.T) {
	for z := uint8(1); z <= 6; z++ {
		begin, end := pmtiles.ID(z, 0, 0), pmtiles.ID(z+1, 0, 0)
		for id := begin; id+1 < end; id++ {
			_, ax, ay, _ := pmtiles.Address(id)
			_, bx, by, _ := pmtiles.Address(id + 1)
			if d := diff(ax, bx) + diff(ay, by); d != 1 {
				t.Fatalf("zoom %d: ids %d and %d lie %d apart", z, id, id+1, d)
			}
		}
		for id := begin; id < end; id += 4 {
			_, x, y, _ := pmtiles.Address(id)
			for i := uint64(1); i < 4; i++ {
				if _, cx, cy, _ := pmtiles.Address(id + i); cx/2 != x/2 || cy/2 != y/2 {
					t.Fatalf("zoom %d: ids %d to %d are not the children of one tile", z, id, id+3)
				}
			}
		}
	}
}

func diff(a, b uint32) uint32 { return max(a, b) - min(a, b) }
