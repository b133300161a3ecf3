package city

import (
	"math"
	"time"
)

// A Count is how many people were in a block in one hour.
type Count struct {
	Block int
	Hour  time.Time
	N     int
}

// A Flow is how many people went from one block to another in one hour.
type Flow struct {
	From, To int
	Hour     time.Time
	N        int
}

// weekHours are the hours of the last seven whole days before now.
func (c *City) weekHours() []time.Time {
	y, m, d := c.Now.In(Zone).Date()
	end := time.Date(y, m, d, 0, 0, 0, 0, Zone)
	var out []time.Time
	for h := range 7 * 24 {
		out = append(out, end.Add(time.Duration(h-7*24)*time.Hour).UTC())
	}
	return out
}

// away is the share of residents who are at work or out, by the local hour.
func away(t time.Time) (work, leisure float64) {
	t = t.In(Zone)
	h := float64(t.Hour()) + 0.5
	bump := func(mid, width float64) float64 { return math.Exp(-sq((h - mid) / width)) }
	switch t.Weekday() {
	case time.Saturday, time.Sunday:
		return 0.28 * bump(13, 4.5), 0.20*bump(15, 4) + 0.16*bump(19.5, 2.2)
	}
	return 0.62 * (1/(1+math.Exp(-(h-8)*2.2)) - 1/(1+math.Exp(-(h-17.8)*1.8))), 0.05*bump(12, 1.2) + 0.17*bump(19.6, 2)
}

// Population hands each count of the last week to yield, hour by hour. They
// are raw: what is shown is a protected release of them.
func (c *City) Population(yield func(Count) bool) {
	jobs, fun := 0.0, 0.0
	people := 0.0
	lure := make([]float64, len(c.blocks))
	for i, b := range c.blocks {
		people += float64(b.people)
		jobs += float64(b.jobs)
		switch b.use {
		case "shops", "market":
			lure[i] = b.areaM2 * (0.3 + b.built)
		case "park":
			lure[i] = b.areaM2 * 0.35 * b.built
		case "station", "hospital":
			lure[i] = b.areaM2 * 0.5
		}
		fun += lure[i]
	}
	for n, hour := range c.weekHours() {
		work, leisure := away(hour)
		r := c.stream("population", n)
		for i, b := range c.blocks {
			here := float64(b.people)*(1-work-leisure) + people*work*float64(b.jobs)/jobs + people*leisure*lure[i]/fun
			// Passers-by along the streets.
			here += 0.02 * b.areaM2 / 1e4 * b.built * (0.2 + work + leisure) * 10
			if !yield(Count{i, hour, poisson(r, here*between(r, 0.93, 1.07))}) {
				return
			}
		}
	}
}

// Flows hands the journeys of the last week to yield: from home to work in the
// morning, to shops and home in the evening. Only pairs that at least a few
// people travel are kept.
func (c *City) Flows(yield func(Flow) bool) {
	// A journey's share goes out in the morning and another back in the evening.
	type pair struct {
		from, to  int
		out, back float64
	}
	var homes, goals []int
	for i, b := range c.blocks {
		if b.people > 150 {
			homes = append(homes, i)
		}
		if b.jobs > 200 {
			goals = append(goals, i)
		}
	}
	if len(homes) == 0 || len(goals) == 0 {
		return
	}
	if len(goals) > 400 { // the largest cities: the strongest goals stand for the rest
		goals = goals[:400]
	}
	var pairs []pair
	known := map[[2]int]int{}
	at := func(from, to int) *pair {
		k, ok := known[[2]int{from, to}]
		if !ok {
			k = len(pairs)
			known[[2]int{from, to}] = k
			pairs = append(pairs, pair{from: from, to: to})
		}
		return &pairs[k]
	}
	for _, h := range homes {
		sum := 0.0
		w := make([]float64, len(goals))
		for k, g := range goals {
			if g != h {
				w[k] = float64(c.blocks[g].jobs) / sq(400+dist(c.blocks[h].at, c.blocks[g].at))
				sum += w[k]
			}
		}
		for k, g := range goals {
			if n := float64(c.blocks[h].people) * w[k] / sum; n > 40 {
				at(h, g).out += n
				at(g, h).back += n
			}
		}
	}
	for n, hour := range c.weekHours() {
		r := c.stream("flows", n)
		h := float64(hour.In(Zone).Hour()) + 0.5
		scale := 1.0
		if d := hour.In(Zone).Weekday(); d == time.Saturday || d == time.Sunday {
			scale = 0.4
		}
		out := scale * (0.42*math.Exp(-sq((h-7.8)/1.0)) + 0.05*math.Exp(-sq((h-13)/3)) + 0.08*math.Exp(-sq((h-18.8)/1.5)))
		back := scale * (0.34*math.Exp(-sq((h-17.9)/1.4)) + 0.05*math.Exp(-sq((h-12)/2)) + 0.12*math.Exp(-sq((h-21)/1.3)))
		if out < 0.01 && back < 0.01 {
			continue
		}
		for _, p := range pairs {
			if n := poisson(r, 1.5*(p.out*out+p.back*back)); n > 2 && !yield(Flow{p.from, p.to, hour, n}) {
				return
			}
		}
	}
}
