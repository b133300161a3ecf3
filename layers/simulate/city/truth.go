package city

// A Truth is what the incidents were made from: what a forecast should find.
type Truth struct {
	Seed   uint64       `json:"seed"`
	Size   string       `json:"size"`
	From   string       `json:"from"` // the first day, YYYY-MM-DD
	Days   int          `json:"days"`
	Groups []GroupTruth `json:"groups"`
}

// GroupTruth is one group's point process: a background that varies by unit
// grid, hour, weekday and month, and on top of it, for each incident, theta
// more on average, each after an exponential delay of mean tau days, displaced
// by a normal distance of sigma metres on either axis, of the same class.
type GroupTruth struct {
	Name       string             `json:"name"`
	Classes    map[string]float64 `json:"background_per_day"` // "standard code" -> incidents
	Theta      float64            `json:"theta"`
	TauDays    float64            `json:"tau_days"`
	SigmaM     float64            `json:"sigma_m"`
	Hours      []float64          `json:"hours"`      // shares of the local hours
	Weekdays   []float64          `json:"weekday"`    // relative, Sunday first
	Months     []float64          `json:"month"`      // relative
	Background map[string]float64 `json:"background"` // unit grid -> share
}

// Truth returns the parameters of the incidents.
func (c *City) Truth() Truth {
	p := c.newProcess()
	out := Truth{Seed: c.Seed, Size: c.Size, From: p.start.Format("2006-01-02"), Days: days}
	shares := func(w wheel) []float64 {
		s := make([]float64, len(w.sums))
		before := 0.0
		for i, x := range w.sums {
			s[i] = (x - before) / w.total()
			before = x
		}
		return s
	}
	for gi, g := range groups {
		t := GroupTruth{Name: g.name, Classes: map[string]float64{}, Theta: g.theta, TauDays: g.tauD, SigmaM: g.sigmaM,
			Hours: shares(p.hours[gi]), Weekdays: g.week[:], Months: g.season[:], Background: map[string]float64{}}
		for k, kind := range p.kinds {
			if p.group[k] == gi {
				t.Classes[kind.standard+" "+kind.code] = p.perDay[k]
			}
		}
		for i, s := range shares(p.blocks[gi]) {
			if s > 0 {
				t.Background[c.blocks[i].code] = s
			}
		}
		out.Groups = append(out.Groups, t)
	}
	return out
}
