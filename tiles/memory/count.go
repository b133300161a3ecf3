package memory

import (
	"onemap/tiles"
)

// countCells is how many cells an edge of a tile has where points are counted.
const countCells = 8

type counter struct{}

func (sc *scratch) count(l *layer, w *want, cells int, classes bool) (tiles.Part, bool) {
	return tiles.Part{}, false
}

func (sc *scratch) shapes(l *layer, w *want) (tiles.Part, bool) {
	return tiles.Part{}, false
}
