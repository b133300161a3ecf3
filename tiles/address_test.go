package tiles_test

import (
	"errors"
	"testing"

	"github.com/paulmach/orb/maptile"

	"onemap/tiles"
)

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct {
		name    string
		z, x, y string
		want    maptile.Tile
		bad     bool
	}{
		{"the world", "0", "0", "0", maptile.New(0, 0, 0), false},
		{"the last column of the largest zoom", "22", "4194303", "4194303", maptile.New(4194303, 4194303, 22), false},
		{"a column past the last", "1", "2", "0", maptile.Tile{}, true},
		{"a row past the last", "3", "0", "8", maptile.Tile{}, true},
		{"a zoom past the largest", "23", "0", "0", maptile.Tile{}, true},
		{"a negative row", "1", "0", "-1", maptile.Tile{}, true},
		{"a second spelling of the same tile", "01", "0", "0", maptile.Tile{}, true},
		{"a plus sign", "1", "+1", "0", maptile.Tile{}, true},
		{"a fraction", "1", "0.5", "0", maptile.Tile{}, true},
		{"a number past 64 bits", "1", "99999999999999999999", "0", maptile.Tile{}, true},
		{"nothing", "", "", "", maptile.Tile{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tiles.ParseAddress(tt.z, tt.x, tt.y)
			if tt.bad != errors.Is(err, tiles.ErrAddress) || got != tt.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}
