package etas

import (
	"context"
	"math"

	"github.com/paulmach/orb"
	"gonum.org/v1/gonum/floats"

	"onemap/layers/forecast/hotspot"
)

// A field is a density on square pixels, made of weighted points: each is
// shared out to the four pixels around it, the pixels are blurred, and between
// their centres the density is read by lines. Sharing and reading blur too, by
// a sixth of a pixel squared each on average; the blurring allows for it.
type field struct {
	origin     orb.Point // south-west corner of pixel (0, 0)
	d          float64   // side of a pixel, m
	cols, rows int
	v, other   []float64
	kernel     []float64 // by distance in pixels, sums to 1 over both sides
	both       []float64 // the same in both directions
}

// maxPixels bounds a field; a city of 50 by 50 km at 25 m has four million.
const maxPixels = 4 << 20

// newField covers a box with pixels of d metres, or larger ones where that
// would be too many.
func newField(box orb.Bound, d float64) *field {
	w, h := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
	d = max(d, math.Sqrt(w*h/maxPixels), max(w, h)/(1<<15))
	f := &field{origin: orb.Point{box.Min[0] - d, box.Min[1] - d}, d: d, cols: int(w/d) + 3, rows: int(h/d) + 3}
	f.v, f.other = make([]float64, f.cols*f.rows), make([]float64, f.cols*f.rows)
	return f
}

// spread sets the deviation of the blur along each axis, in metres.
func (f *field) spread(s float64) {
	variance := max(s*s/(f.d*f.d)-1.0/3, 0.05)
	reach := int(math.Ceil(5*math.Sqrt(variance))) + 1
	f.kernel = make([]float64, reach+1)
	var sum float64
	for i := range f.kernel {
		f.kernel[i] = math.Exp(-float64(i*i) / (2 * variance))
		if sum += f.kernel[i]; i > 0 {
			sum += f.kernel[i]
		}
	}
	for i := range f.kernel {
		f.kernel[i] /= sum
	}
	f.both = hotspot.Mirrored(f.kernel)
}

// at returns the pixel to the south-west of a point and how far the point is
// from that pixel's centre, in pixels. Points outside go to the rim.
func (f *field) at(x, y float64) (i int, fx, fy float64) {
	u := min(max((x-f.origin[0])/f.d-0.5, 0), float64(f.cols-1)-1e-9)
	v := min(max((y-f.origin[1])/f.d-0.5, 0), float64(f.rows-1)-1e-9)
	col, row := int(u), int(v)
	return row*f.cols + col, u - float64(col), v - float64(row)
}

// put adds a weighted point.
func (f *field) put(x, y, weight float64) {
	i, fx, fy := f.at(x, y)
	f.v[i] += weight * (1 - fx) * (1 - fy)
	f.v[i+1] += weight * fx * (1 - fy)
	f.v[i+f.cols] += weight * (1 - fx) * fy
	f.v[i+f.cols+1] += weight * fx * fy
}

// read returns the field at a point: weight per pixel.
func (f *field) read(x, y float64) float64 {
	i, fx, fy := f.at(x, y)
	return (f.v[i]*(1-fx)+f.v[i+1]*fx)*(1-fy) + (f.v[i+f.cols]*(1-fx)+f.v[i+f.cols+1]*fx)*fy
}

// self returns what a point of weight 1 has put at its own place.
func (f *field) self(x, y float64) float64 {
	_, fx, fy := f.at(x, y)
	one := func(t float64) float64 { return ((1-t)*(1-t)+t*t)*f.kernel[0] + 2*t*(1-t)*f.kernel[1] }
	return one(fx) * one(fy)
}

// blur blurs the field. What leaves the box is lost. Each pixel adds up what
// comes to it from the south-west on, however the work is shared.
func (f *field) blur(ctx context.Context, workers int) error {
	err := share(ctx, f.rows, workers, func(row int) {
		out := f.other[row*f.cols : (row+1)*f.cols]
		clear(out)
		hotspot.SpreadLine(out, f.v[row*f.cols:(row+1)*f.cols], f.both)
	})
	if err != nil {
		return err
	}
	return share(ctx, f.rows, workers, func(row int) {
		out := f.v[row*f.cols : (row+1)*f.cols]
		clear(out)
		for r := max(0, row-len(f.kernel)+1); r <= min(f.rows-1, row+len(f.kernel)-1); r++ {
			floats.AddScaled(out, f.kernel[max(r-row, row-r)], f.other[r*f.cols:(r+1)*f.cols])
		}
	})
}

// middle is the centre of a pixel.
func (f *field) middle(col, row int) orb.Point {
	return orb.Point{f.origin[0] + (float64(col)+0.5)*f.d, f.origin[1] + (float64(row)+0.5)*f.d}
}
