package shape

import "math"

// WorldBits: Web Mercator's square is 2^WorldBits world units wide.
const WorldBits = 36

// world is the width of the world, in world units.
const world = 1 << WorldBits

// maxLat is the latitude, in degrees, at which Web Mercator's square ends.
const maxLat = 85.0511287798066

// A Point is a place in world units: x to the east, y to the south, from 0 to
// 2^36, both ends included.
type Point struct{ X, Y int64 }

// A Box is a closed box in world units.
type Box struct{ MinX, MinY, MaxX, MaxY int64 }

// Project returns the place of degrees of EPSG:4326. What lies beyond the square
// of Web Mercator is moved to its edge. NaN gives the square's middle.
func Project(lon, lat float64) Point {
	sin := math.Sin(clamp(lat, maxLat) * (math.Pi / 180))
	y := 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)
	return Point{unit(clamp(lon, 180)/360 + 0.5), unit(y)}
}

// Unproject returns the degrees of a place.
func Unproject(p Point) (lon, lat float64) {
	lon = (float64(p.X)/world - 0.5) * 360
	lat = math.Atan(math.Sinh(math.Pi*(1-2*float64(p.Y)/world))) * (180 / math.Pi)
	return lon, lat
}

func clamp(v, most float64) float64 {
	switch {
	case v > most:
		return most
	case v < -most:
		return -most
	case v != v: // NaN
		return 0
	}
	return v
}

// unit turns a share of the world's width into world units.
func unit(share float64) int64 {
	return min(world, max(0, int64(math.Floor(share*world+0.5))))
}

// nothing is a box that holds no point; add makes it grow.
var nothing = Box{math.MaxInt64, math.MaxInt64, math.MinInt64, math.MinInt64}

func (b *Box) add(p Point) {
	b.MinX, b.MaxX = min(b.MinX, p.X), max(b.MaxX, p.X)
	b.MinY, b.MaxY = min(b.MinY, p.Y), max(b.MaxY, p.Y)
}

// Touches tells whether the boxes share a point.
func (b Box) Touches(o Box) bool {
	return b.MinX <= o.MaxX && o.MinX <= b.MaxX && b.MinY <= o.MaxY && o.MinY <= b.MaxY
}

// Holds tells whether o lies wholly in b.
func (b Box) Holds(o Box) bool {
	return b.MinX <= o.MinX && o.MaxX <= b.MaxX && b.MinY <= o.MinY && o.MaxY <= b.MaxY
}
