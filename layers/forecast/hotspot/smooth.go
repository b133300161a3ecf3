package hotspot

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/floats"
)

// reach is how many bandwidths a Gaussian is drawn out to.
const reach = 4

// A smoother spreads mass by a Gaussian over the pixels of a city, and puts
// none outside: what a pixel spreads is divided by the part of its kernel
// that lies inside, so that the sum stays (the edge correction).
type smoother struct {
	r    *raster
	taps []float64 // of the kernel, in one direction: taps[i] at i pixels
	both []float64 // in both directions
	// inside is, by pixel, the part of its kernel that lies in the city; of
	// pixels outside it is 1, for they spread nothing.
	inside []float64
}

// smoother returns the smoother of bandwidth h in metres, made once.
func (s *Space) smoother(hM float64) *smoother {
	if m, ok := s.smoothers.Load(hM); ok {
		return m.(*smoother)
	}
	m := &smoother{r: &s.raster, taps: gaussian(hM / s.pixelM)}
	m.both = Mirrored(m.taps)
	m.inside = make([]float64, len(s.owner))
	for i, c := range s.owner {
		if c >= 0 {
			m.inside[i] = 1
		}
	}
	m.convolve(m.inside)
	for i, c := range s.owner {
		if c < 0 {
			m.inside[i] = 1
		}
	}
	kept, _ := s.smoothers.LoadOrStore(hM, m)
	return kept.(*smoother)
}

// gaussian returns the mass that an event, anywhere in its pixel, has i pixels
// further in one direction; h is the bandwidth in pixels. With G” the density
// of the normal distribution this is G(i+1) - 2 G(i) + G(i-1), where
// G(x) = x Phi(x/h) + h phi(x/h). The taps of both directions add up to one.
func gaussian(h float64) []float64 {
	if !(h > 0) {
		return []float64{1}
	}
	g := func(x float64) float64 {
		return x*0.5*math.Erfc(-x/(h*math.Sqrt2)) + h*math.Exp(-x*x/(2*h*h))/math.Sqrt(2*math.Pi)
	}
	n := int(math.Ceil(reach * h))
	taps := make([]float64, n+1)
	var sum float64
	for i := range taps {
		x := float64(i)
		taps[i] = max(0, g(x+1)-2*g(x)+g(x-1))
		if sum += taps[i]; i > 0 {
			sum += taps[i]
		}
	}
	for i := range taps {
		taps[i] /= sum
	}
	return taps
}

// apply spreads mass by pixel, which it changes: none is lost, none outside.
func (m *smoother) apply(mass []float64) {
	for i, v := range mass {
		if v != 0 {
			mass[i] = v / m.inside[i]
		}
	}
	m.convolve(mass)
	for i, c := range m.r.owner {
		if c < 0 {
			mass[i] = 0
		}
	}
}

// scratch are buffers of the size of some raster.
var scratch sync.Pool

func borrow(n int) *[]float64 {
	if b, _ := scratch.Get().(*[]float64); b != nil && cap(*b) >= n {
		*b = (*b)[:n]
		clear(*b)
		return b
	}
	b := make([]float64, n)
	return &b
}

func giveBack(b *[]float64) { scratch.Put(b) }

// Mirrored returns a kernel of both directions: half is what lies 0, 1, ... away.
func Mirrored(half []float64) []float64 {
	n := len(half) - 1
	both := make([]float64, 2*n+1)
	for k, v := range half {
		both[n+k], both[n-k] = v, v
	}
	return both
}

// SpreadLine adds to into, which is as long as from, what each value of from
// spreads along the line by a [Mirrored] kernel. What leaves the line is lost.
// Each value of into adds up what comes to it from lower places to higher ones.
func SpreadLine(into, from, kernel []float64) {
	n := len(kernel) / 2
	for i, v := range from {
		if v == 0 {
			continue
		}
		lo, hi := max(0, i-n), min(len(from), i+n+1)
		floats.AddScaled(into[lo:hi], v, kernel[lo-i+n:hi-i+n])
	}
}

// convolve applies the kernel by rows and then by columns.
func (m *smoother) convolve(mass []float64) {
	if len(m.taps) == 1 {
		return
	}
	cols, rows := m.r.cols, m.r.rows
	half := borrow(len(mass))
	defer giveBack(half)
	tmp := *half
	for row := range rows {
		SpreadLine(tmp[row*cols:(row+1)*cols], mass[row*cols:(row+1)*cols], m.both)
	}
	clear(mass)
	for row := range rows {
		from := tmp[row*cols : (row+1)*cols]
		first, last := span(from)
		if first > last {
			continue
		}
		from = from[first : last+1]
		for other := max(0, row-len(m.taps)+1); other < min(rows, row+len(m.taps)); other++ {
			floats.AddScaled(mass[other*cols+first:other*cols+last+1], m.taps[max(row-other, other-row)], from)
		}
	}
}

// span is the first and last index of a row that is not zero.
func span(row []float64) (first, last int) {
	last = len(row) - 1
	for first <= last && row[first] == 0 {
		first++
	}
	for last >= first && row[last] == 0 {
		last--
	}
	return first, last
}

// cells adds mass by pixel up by cell into into, which it overwrites.
func (s *Space) cells(mass, into []float64) {
	if s.polys == nil {
		for i, at := range s.pixelOf {
			into[i] = mass[at]
		}
		return
	}
	clear(into)
	for at, c := range s.owner {
		if c >= 0 {
			into[c] += mass[at]
		}
	}
}

// Smooth spreads mass by cell with a Gaussian of hM metres, edge-corrected: the
// sum stays and none leaves the city. For governance grids a cell's mass is
// first spread evenly over it. mass and into may be the same slice.
func (s *Space) Smooth(mass []float64, hM float64, into []float64) {
	b := borrow(len(s.owner))
	defer giveBack(b)
	pixels := *b
	n := make([]float64, s.Len())
	for _, c := range s.owner {
		if c >= 0 {
			n[c]++
		}
	}
	var lost float64 // of grids that hold no pixel: they keep theirs
	for at, c := range s.owner {
		if c >= 0 {
			pixels[at] = mass[c] / n[c]
		}
	}
	kept := make([]float64, s.Len())
	for i := range n {
		if n[i] == 0 {
			kept[i] = mass[i]
			lost += mass[i]
		}
	}
	s.smoother(hM).apply(pixels)
	s.cells(pixels, into)
	if lost > 0 {
		for i, v := range kept {
			into[i] += v
		}
	}
}
