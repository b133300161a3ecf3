package city

import (
	"container/heap"
	"time"

	"github.com/paulmach/orb"
)

// archiveDays is how far back the archive of calls goes.
const archiveDays = 4 * 365

// archived are the groups of calls that a small city's archive has, with how
// many of them come by themselves on a day; what these trigger comes on top.
var archived = map[string]float64{"theft": 1.5, "disorder": 0.9, "traffic": 1.2, "fire": 0.35}

// Archive makes the closed calls to 110 and 119 of the last four years, by the
// same process as [City.Incidents], in the order of occurrence, but that fires
// break out at places: see hearths. They are what a
// forecast can learn from where the incidents of a small city are too few; a
// larger one has enough and no archive. Steps are not kept of them.
func (c *City) Archive(yield func(Incident) bool) {
	if c.size.incidents > 50_000 {
		return
	}
	p := c.newProcess()
	start := p.start.AddDate(0, 0, days-archiveDays)
	var kinds []int
	share := map[string]float64{}
	for k, kind := range p.kinds {
		if g := groups[p.group[k]].name; kind.standard == calls && kind.source == "call" && archived[g] > 0 {
			kinds = append(kinds, k)
			share[g] += kind.weight
		}
	}
	end := c.Now.AddDate(0, 0, -1).Sub(start).Hours() / 24
	hearths := c.newHearths()
	var waiting sparks
	id, n := 0, 0
	for day := range archiveDays {
		at := start.AddDate(0, 0, day)
		r := c.stream("archive", day)
		for _, k := range kinds {
			g := groups[p.group[k]]
			mean := archived[g.name] * p.kinds[k].weight / share[g.name] * g.week[at.Weekday()] * g.season[at.Month()-1]
			for range poisson(r, mean) {
				hour := float64(p.hours[p.group[k]].draw(r)) + r.Float64()
				at, ok := hearths.of(c, p.kinds[k].code, r)
				if !ok {
					at = c.somewhere(p.blocks[p.group[k]].draw(r), r)
				}
				heap.Push(&waiting, spark{float64(day) + hour/24, at, k, -n})
				n++
			}
		}
		for len(waiting) > 0 && waiting[0].at < float64(day+1) {
			s := heap.Pop(&waiting).(spark)
			block, ok := c.locate(s.p)
			if !ok || s.at >= end {
				continue
			}
			id++
			e := c.stream("archived", id)
			g := groups[p.group[s.kind]]
			for n := range poisson(e, g.theta) {
				heap.Push(&waiting, spark{s.at + e.ExpFloat64()*g.tauD, add(s.p, orb.Point{e.NormFloat64() * g.sigmaM, e.NormFloat64() * g.sigmaM}), s.kind, id*64 + n})
			}
			kind := p.kinds[s.kind]
			x := Incident{ID: id, Standard: kind.standard, Class: kind.code, Severity: kind.severity, Dept: kind.dept, Source: "hotline", State: "closed", Block: block, At: lonLat(s.p)}
			for i := range x.UUID {
				x.UUID[i] = byte(e.Uint32())
			}
			x.UUID[6], x.UUID[8] = x.UUID[6]&0x0f|0x40, x.UUID[8]&0x3f|0x80
			x.Occurred = start.Add(time.Duration(s.at * 24 * float64(time.Hour))).Truncate(time.Second).UTC()
			x.Reported = x.Occurred.Add(time.Duration(60+e.IntN(900)) * time.Second)
			x.Closed = x.Reported.Add(time.Duration(1+e.IntN(8)) * time.Hour)
			x.Description, x.Place = pick(e, kind.texts), c.PlaceName(block)
			if !yield(x) {
				return
			}
		}
	}
}
