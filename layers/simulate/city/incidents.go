package city

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// An Incident is one report and what became of it.
type Incident struct {
	ID          int
	UUID        [16]byte
	Standard    string
	Class       string
	Severity    int
	Description string
	Place       string
	Source      string
	State       string
	Dept        string
	Reporter    string // login of the worker who reported it, or ""
	Occurred    time.Time
	Reported    time.Time
	Closed      time.Time // zero: open
	Block       int
	At          orb.Point
	Steps       []Step // in the order of time
	Triggered   bool   // by an incident near by, not of the background
	all         []Step // what would happen, without an end of the history
}

// A Step is one line of an incident's flow record: see layers/incident.Record,
// which it becomes.
type Step struct {
	At               time.Time
	Post, Actor, Org string
	Action, From, To string
	Dept             string // with which the case is after it
	Opinion          string
	Until            time.Time // of a suspension
	Blame            string    // of a return: the department that is thought responsible
	Worker           string    // login: sent
	Result           string    // of a verification or a check
}

// days is how long the history is.
const days = 730

// A spark is an incident that an earlier one will trigger.
type spark struct {
	at   float64 // days since the history's start
	p    orb.Point
	kind int
	n    int // for an order among equals
}

type sparks []spark

func (s sparks) Len() int { return len(s) }
func (s sparks) Less(i, j int) bool {
	if s[i].at != s[j].at {
		return s[i].at < s[j].at
	}
	return s[i].n < s[j].n
}
func (s sparks) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *sparks) Push(x any)   { *s = append(*s, x.(spark)) }
func (s *sparks) Pop() any {
	old := *s
	x := old[len(old)-1]
	*s = old[:len(old)-1]
	return x
}

// A process is the incidents' point process, worked out for this city.
type process struct {
	kinds  []incidentKind
	group  []int       // of each kind
	perDay []float64   // background incidents of each kind on an average day
	blocks []wheel     // the background of each group over the blocks
	hours  []wheel     // of the day, by group
	rhythm [][]float64 // by group and day of the history, 1 on average
	start  time.Time   // the first midnight
}

func (c *City) newProcess() *process {
	p := &process{kinds: slices.Clone(incidentKinds)}
	for i, t := range tailMatters {
		source := "patrol"
		if t.public {
			source = "both"
		}
		p.kinds = append(p.kinds, incidentKind{gb, t.code, "appearance", 3.2 * math.Pow(0.965, float64(i)), t.dept, t.severity, source, nil})
	}
	y, m, d := c.Now.In(Zone).Date()
	p.start = time.Date(y, m, d, 0, 0, 0, 0, Zone).AddDate(0, 0, 1-days)
	total := 0.0
	for _, k := range p.kinds {
		total += k.weight
		p.group = append(p.group, slices.IndexFunc(groups, func(g group) bool { return g.name == k.group }))
	}
	for i, k := range p.kinds {
		// What is triggered comes on top: theta children each, and theirs.
		p.perDay = append(p.perDay, k.weight/total*float64(c.size.incidents)/days*(1-groups[p.group[i]].theta))
	}
	for _, g := range groups {
		r := c.stream("background "+g.name, 0)
		p.blocks = append(p.blocks, newWheel(len(c.blocks), func(i int) float64 {
			b := &c.blocks[i]
			// Some places are worse than others, for no reason that shows.
			luck := math.Exp(0.9*r.NormFloat64() - 0.4)
			return g.uses[b.use] * math.Sqrt(b.areaM2/3e4) * (0.15 + b.built) * luck
		}))
		p.hours = append(p.hours, newWheel(24, func(h int) float64 {
			w := g.flat
			for _, k := range g.peaks {
				d := math.Abs(float64(h) + 0.5 - k[0])
				w += k[2] * math.Exp(-sq(min(d, 24-d)/k[1]))
			}
			return w
		}))
		var day []float64
		sum := 0.0
		for n := range days {
			t := p.start.AddDate(0, 0, n)
			w := g.week[t.Weekday()] * g.season[t.Month()-1] * (0.92 + 0.16*float64(n)/days)
			day = append(day, w)
			sum += w
		}
		for n := range day {
			day[n] *= days / sum
		}
		p.rhythm = append(p.rhythm, day)
	}
	return p
}

// Incidents makes the history up to now, in the order of occurrence, and hands
// each incident to yield. It holds one day and what is yet to be triggered.
func (c *City) Incidents(yield func(Incident) bool) {
	p := c.newProcess()
	workers := map[string]Worker{}
	for _, w := range c.Workers() {
		workers[w.Grid] = w
	}
	end := c.Now.Sub(p.start).Hours() / 24
	var waiting sparks
	var held []Incident // the newest, see stillOpen
	newest := min(60, max(4, c.size.incidents/2000))
	id := 0
	for day := range days {
		var today []spark
		r := c.stream("day", day)
		for k := range p.kinds {
			g := p.group[k]
			for range poisson(r, p.perDay[k]*p.rhythm[g][day]) {
				hour := float64(p.hours[g].draw(r)) + r.Float64()
				today = append(today, spark{float64(day) + hour/24, c.somewhere(p.blocks[g].draw(r), r), k, 0})
			}
		}
		slices.SortStableFunc(today, func(a, b spark) int { return compare(a.at, b.at) })
		// Merge with what was triggered; what happens today may trigger more today.
		var out []Incident
		for i := 0; i < len(today) || len(waiting) > 0 && waiting[0].at < float64(day+1); {
			var s spark
			triggered := len(waiting) > 0 && waiting[0].at < float64(day+1) && (i == len(today) || waiting[0].at <= today[i].at)
			if triggered {
				s = heap.Pop(&waiting).(spark)
			} else {
				s = today[i]
				i++
			}
			if s.at >= end {
				continue
			}
			block, ok := c.locate(s.p)
			if !ok || c.blocks[block].use == "water" && triggered {
				continue // carried out of the city
			}
			id++
			e := c.stream("incident", id)
			g := groups[p.group[s.kind]]
			for n := range poisson(e, g.theta) {
				heap.Push(&waiting, spark{s.at + e.ExpFloat64()*g.tauD, add(s.p, orb.Point{e.NormFloat64() * g.sigmaM, e.NormFloat64() * g.sigmaM}), s.kind, id*64 + n})
			}
			out = append(out, c.incident(id, s, block, p, workers, triggered, e))
		}
		held = append(held, out...)
		if n := len(held) - 9*newest; n > 0 {
			for _, x := range held[:n] {
				if !yield(x) {
					return
				}
			}
			held = slices.Clone(held[n:])
		}
	}
	c.stillOpen(held, newest)
	for _, x := range held {
		if !yield(x) {
			return
		}
	}
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// somewhere draws a place in a block: mostly along its streets.
func (c *City) somewhere(block int, r *rand.Rand) orb.Point {
	m := c.mesh
	b := &c.blocks[block]
	if r.Float64() < 0.7 {
		ring := m.ring(b.face)
		for range 4 {
			h := pick(r, ring)
			if m.edge[h/2].class == "" {
				continue
			}
			if at, _, ok := c.beside(h, r.Float64(), between(r, 4, 16)); ok {
				return at
			}
		}
	}
	p, _ := c.stand(host{-1, block, -1, 1}, assetRule{}, 0, r.Float64(), r.Float64())
	return p
}

func (c *City) incident(id int, s spark, block int, p *process, workers map[string]Worker, triggered bool, r *rand.Rand) Incident {
	k := p.kinds[s.kind]
	b := &c.blocks[block]
	x := Incident{ID: id, Standard: k.standard, Class: k.code, Severity: k.severity, Dept: k.dept, Block: block, At: lonLat(s.p), Triggered: triggered}
	for i := 0; i < 16; i += 8 {
		v := r.Uint64()
		for j := range 8 {
			x.UUID[i+j] = byte(v >> (8 * j))
		}
	}
	x.UUID[6], x.UUID[8] = x.UUID[6]&0x0f|0x40, x.UUID[8]&0x3f|0x80 // RFC 9562, version 4
	x.Occurred = p.start.Add(time.Duration(s.at * 24 * float64(time.Hour))).Truncate(time.Second).UTC()
	if len(k.texts) > 0 {
		x.Description = pick(r, k.texts)
	}
	x.Place = c.PlaceName(block) + c.streetAt(block, s.p)
	u := r.Float64()
	switch k.source {
	case "call":
		x.Source = "hotline"
	case "sensor":
		x.Source = "video"
	case "public":
		x.Source = "public"
		if u < 0.5 {
			x.Source = "hotline"
		}
	case "patrol":
		x.Source = "worker"
		if u < 0.08 {
			x.Source = "video"
		} else if u < 0.14 {
			x.Source = "public"
		}
	default:
		x.Source = "worker"
		if u < 0.28 {
			x.Source = "public"
		} else if u < 0.5 {
			x.Source = "hotline"
		} else if u < 0.54 {
			x.Source = "sensor"
		}
	}
	if w, ok := workers[b.duty]; ok && x.Source == "worker" {
		x.Reporter = w.Login
	}
	c.course(&x, workers[b.duty], r)
	return x
}

// streetAt is the name of the block's street that is nearest to p, "" where
// none has a name.
func (c *City) streetAt(block int, p orb.Point) (street string) {
	m := c.mesh
	near := math.Inf(1)
	for _, h := range m.ring(c.blocks[block].face) {
		e := m.edge[h/2]
		if n := c.streetNames[e.cut].zh; e.class != "" && n != "" {
			if d := toSegment(p, m.at[m.half[h].from], m.at[m.to(h)]); d < near {
				street, near = n, d
			}
		}
	}
	return street
}

// String is the incident's UUID as text.
func (x Incident) String() string {
	u := x.UUID
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
