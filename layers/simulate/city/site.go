package city

import (
	"math"

	"github.com/paulmach/orb"
)

// A site is the lie of the land: the outline, the river, the hills, the
// centres, and the lines of the main roads. All in metres of the plane.
type site struct {
	radius  float64 // of the outline, on average
	core    float64 // of the built-up city
	outline []orb.Point
	river   []orb.Point // centre line, from west to east
	riverM  float64     // half its width between the banks
	stream  []orb.Point // a brook from the northern hills to the river
	lake    orb.Point   // the reservoir in the hills
	lakeM   float64
	centres []centre
	roads   []mainRoad
}

// A centre is where people and shops gather: the old town, a new district, the
// middle of a rural town.
type centre struct {
	at     orb.Point
	reach  float64 // metres at which its pull has fallen to 1/e
	weight float64 // 1 for the main one
}

type mainRoad struct {
	line   []orb.Point
	closed bool
	class  string
	name   string // "" where one is drawn later
	ref    string
}

// wave is a smooth function of an angle with the given harmonics, about ±1.
type wave struct{ amp, phase []float64 }

func (c *City) wave(subject string, harmonics int) wave {
	r := c.stream("wave "+subject, 0)
	var w wave
	for i := range harmonics {
		w.amp = append(w.amp, between(r, 0.4, 1)/float64(i+1))
		w.phase = append(w.phase, between(r, 0, 2*math.Pi))
	}
	return w
}

func (w wave) at(t float64) float64 {
	s := 0.0
	for i, a := range w.amp {
		s += a * math.Sin(float64(i+1)*t+w.phase[i])
	}
	return s
}

// newSite lays out a city of the given area, in square kilometres.
func (c *City) newSite(areaKM2 float64) *site {
	s := &site{radius: math.Sqrt(areaKM2*1e6/math.Pi) / 1.02}
	R := s.radius
	s.core = 0.62 * R
	if areaKM2 > 400 { // a large county is mostly countryside
		s.core = 0.42 * R
	}

	w := c.wave("outline", 6)
	n := 72 + int(R/250)
	for i := range n {
		t := 2 * math.Pi * float64(i) / float64(n)
		r := R * (1 + 0.10*w.at(t) + 0.012*math.Sin(17*t) + 0.01*math.Sin(29*t+1))
		s.outline = append(s.outline, orb.Point{1.14 * r * math.Cos(t), 0.9 * r * math.Sin(t)})
	}

	// The river enters in the west-south-west, bends round the old town, and
	// leaves in the east-north-east.
	s.riverM = 62 + 0.004*R
	wr := c.wave("river", 3)
	steps := 40 + int(R/150)
	for i := range steps + 1 {
		t := float64(i)/float64(steps)*2 - 1
		x := 1.5 * R * t
		y := -0.22*R + 0.17*R*t - 0.20*R*math.Exp(-sq((t-0.02)/0.20)) + 0.035*R*wr.at(4*t)
		s.river = append(s.river, orb.Point{x, y})
	}

	r := c.stream("centres", 0)
	old := orb.Point{0.02 * R, -0.06 * R}
	s.centres = []centre{{old, 0.36 * s.core, 1}, {add(old, orb.Point{0.42 * s.core, 0.50 * s.core}), 0.30 * s.core, 0.75}, {add(old, orb.Point{-0.5 * s.core, 0.12 * s.core}), 0.28 * s.core, 0.6}, {add(old, orb.Point{0.12 * s.core, -0.72 * s.core}), 0.26 * s.core, 0.55}}
	// Rural towns stand around, well apart.
	towns := 2 + int(areaKM2/90)
	for i := 0; i < towns; i++ {
		t := 2*math.Pi*(float64(i)+0.25*r.Float64())/float64(towns) + 2.5
		d := between(r, 0.70, 0.8) * R
		if towns > 6 && i%2 == 1 {
			d *= 0.78
		}
		s.centres = append(s.centres, centre{orb.Point{1.1 * d * math.Cos(t), 0.86 * d * math.Sin(t)}, between(r, 500, 800) * math.Sqrt(R/3600), 0.5})
	}

	s.lake, s.lakeM = orb.Point{-0.62 * R, 0.47 * R}, 0.055*R
	wb := c.wave("stream", 3)
	for i := range 25 {
		t := float64(i) / 24
		from, to := add(s.lake, orb.Point{0.03 * R, -0.03 * R}), orb.Point{-0.3 * R, -0.3 * R}
		p := mix(from, to, t)
		s.stream = append(s.stream, add(p, orb.Point{0.03 * R * wb.at(5*t), 0.02 * R * wb.at(4*t+1)}))
	}
	s.roads = c.mainRoads(s, old)
	return s
}

func sq(x float64) float64 { return x * x }

// mainRoads draws rings, radials, the axes of the old town, a trunk road and a
// motorway. None of them is straight for long.
func (c *City) mainRoads(s *site, old orb.Point) []mainRoad {
	R, C := s.radius, s.core
	r := c.stream("main roads", 0)
	var out []mainRoad
	// line samples a curve from one end to the other.
	line := func(n int, f func(t float64) orb.Point) (ps []orb.Point) {
		for i := range n + 1 {
			ps = append(ps, f(float64(i)/float64(n)))
		}
		return ps
	}
	wm := c.wave("motorway", 3)
	out = append(out, mainRoad{class: "motorway", name: "云稠高速", ref: "S98", line: line(60+int(R/200), func(t float64) orb.Point {
		x := (2*t - 1) * 1.5 * R
		return orb.Point{x, 0.60*R + 0.18*x + 0.05*R*wm.at(2.2*t)}
	})})
	wt := c.wave("trunk", 3)
	out = append(out, mainRoad{class: "trunk", name: "望云公路", ref: "G398", line: line(60+int(R/200), func(t float64) orb.Point {
		y := (2*t - 1) * 1.4 * R
		return orb.Point{-0.40*R + 0.22*y + 0.06*R*wt.at(2.5*t), y}
	})})
	// Axes through the old town, for everything else to hang on.
	tilt := between(r, -0.16, -0.08)
	for i := range 2 {
		dir := turned(orb.Point{1, 0}, tilt+float64(i)*math.Pi/2+0.06*float64(i))
		w := c.wave([]string{"axis east", "axis north"}[i], 3)
		out = append(out, mainRoad{class: "primary", name: []string{"稠岩大道", "人和大道"}[i], line: line(50+int(R/250), func(t float64) orb.Point {
			along := (2*t - 1) * 1.35 * R
			// Straight in the town, wandering outside.
			sway := 0.045 * R * w.at(3*t) * (1 - math.Exp(-sq(along/(0.5*C))))
			return add(old, add(mul(dir, along), mul(left(dir), sway)))
		})})
	}
	// Rings around the old town, the inner one squarer, as towns are.
	rings := []float64{0.42, 0.86}
	if R > 5000 {
		rings = []float64{0.24, 0.52, 0.9}
	}
	if R > 12000 {
		rings = []float64{0.14, 0.3, 0.55, 0.9}
	}
	ringNames := []string{"内环路", "中环路", "外环路", "绕城路"}
	for i, share := range rings {
		w := c.wave("ring"+ringNames[i], 4)
		tilt := between(r, -0.2, 0.2)
		n := 36 + 14*i + int(C/300)
		class := "primary"
		if i == len(rings)-1 {
			class = "trunk"
		}
		out = append(out, mainRoad{class: class, closed: true, name: ringNames[i], line: line(n-1, func(t float64) orb.Point {
			a := 2 * math.Pi * t * float64(n-1) / float64(n)
			// A superellipse between a circle and a square.
			cos, sin := math.Cos(a), math.Sin(a)
			q := math.Pow(math.Pow(math.Abs(cos), 3)+math.Pow(math.Abs(sin), 3), -1.0/3)
			d := share * C * (0.93 + 0.04*w.at(a)) * (0.6*q + 0.4)
			return add(old, turned(orb.Point{1.08 * d * cos, 0.92 * d * sin}, tilt))
		})})
	}
	// Radials start inside the inner ring.
	radials := 5 + int(R/3500)
	for i := range radials {
		a := 2*math.Pi*(float64(i)+0.5+between(r, -0.12, 0.12))/float64(radials) + 0.2
		// Keep away from the axes, whose angles are near the quarters.
		if q := math.Mod(a-tilt+4*math.Pi, math.Pi/2); q < 0.22 {
			a += 0.24 - q
		} else if q > math.Pi/2-0.22 {
			a -= 0.24 - (math.Pi/2 - q)
		}
		dir := orb.Point{math.Cos(a), math.Sin(a)}
		w := c.wave("radial", 3)
		w.phase[0] += float64(i)
		start := rings[0] * C * 0.8
		out = append(out, mainRoad{class: "secondary", line: line(40+int(R/250), func(t float64) orb.Point {
			along := start + t*(1.4*R-start)
			return add(old, add(mul(dir, along), mul(left(dir), 0.04*R*(w.at(2.5*t)-w.at(0))*min(1, 2*t))))
		})})
	}
	// In a large county, roads from town to town.
	if R > 5000 {
		for i := 4; i < len(s.centres); i++ {
			a, b := s.centres[i].at, s.centres[4+(i-3)%(len(s.centres)-4)].at
			dir := unit(sub(b, a))
			w := c.wave("country road", 3)
			w.phase[0] += float64(i)
			far := dist(a, b)
			out = append(out, mainRoad{class: "secondary", line: line(30+int(R/300), func(t float64) orb.Point {
				along := (t*1.3 - 0.15) * far
				return add(a, add(mul(dir, along), mul(left(dir), 0.05*far*w.at(3*t))))
			})})
		}
	}
	return out
}

// banks returns the river's two banks.
func (s *site) banks() (north, south []orb.Point) {
	for i, p := range s.river {
		d := unit(sub(s.river[min(i+1, len(s.river)-1)], s.river[max(i-1, 0)]))
		width := s.riverM * (1 + 0.15*math.Sin(float64(i)*0.7))
		north = append(north, add(p, mul(left(d), width)))
		south = append(south, add(p, mul(left(d), -width)))
	}
	return north, south
}

// built says how built-up the place is, from 0 (country) to about 1.
func (s *site) built(p orb.Point) float64 {
	v := 0.0
	for _, k := range s.centres {
		v = max(v, k.weight*math.Exp(-sq(dist(p, k.at)/k.reach/1.35)))
	}
	old := s.centres[0].at
	d := orb.Point{(p[0] - old[0]) / 1.1, (p[1] - old[1]) / 0.95}
	return max(v, 0.72/(1+math.Exp((norm(d)/s.core-0.92)*9)))
}

// hill is positive in the hills and negative in the plain.
func (s *site) hill(p orb.Point) float64 {
	x, y := p[0]/s.radius, p[1]/s.radius
	north := y*0.9 - x*0.75 - 0.72  // the north-western range
	south := -y*1.1 + x*0.55 - 0.78 // the southern range
	rough := 0.10*math.Sin(7*x+3*y) + 0.07*math.Sin(11*y-5*x+1) + 0.04*math.Sin(23*x+17*y)
	return max(north, south) + rough
}
