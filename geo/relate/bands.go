package relate

import (
	"math"

	"github.com/paulmach/orb"
)

// bands finds segments by height: the extent is cut into as many bands as pay,
// and each lists the segments that meet it.
type bands struct {
	low, scale float64 // band of y: (y - low) * scale
	lists      [][]int32
	all        []int32
}

func cutIntoBands(segs []segment, bound orb.Bound) bands {
	b := bands{low: bound.Min[1]}
	n := 1
	if height := bound.Max[1] - bound.Min[1]; len(segs) > 16 && height > 0 {
		n = min(len(segs)/4, 1024)
		b.scale = float64(n) / height
		if math.IsInf(b.scale, 0) {
			n, b.scale = 1, 0
		}
	}
	b.lists = make([][]int32, n)
	for i, s := range segs {
		for k := b.of(min(s.a[1], s.b[1])); k <= b.of(max(s.a[1], s.b[1])); k++ {
			b.lists[k] = append(b.lists[k], int32(i))
		}
	}
	b.all = make([]int32, len(segs))
	for i := range b.all {
		b.all[i] = int32(i)
	}
	return b
}

func (b *bands) of(y float64) int {
	k := (y - b.low) * b.scale
	if !(k > 0) {
		return 0
	}
	return int(min(k, float64(len(b.lists)-1)))
}

// at lists the segments that may meet the height y.
func (b *bands) at(y float64) []int32 { return b.lists[b.of(y)] }

// between lists the segments that may meet the heights between; of several
// bands, simply all.
func (b *bands) between(low, high float64) []int32 {
	i, j := b.of(low), b.of(high)
	if i == j {
		return b.lists[i]
	}
	return b.all
}
