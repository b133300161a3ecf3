package hotspot

import (
	"context"
	"math"
)

// SEPP is the self-exciting process on cells of Mohler et al. 2015,
//
//	lambda_c(t) = mu_c + sum_{t_i < t, i in c} theta omega exp(-omega (t - t_i)),
//
// fitted by EM: p_ij = theta omega exp(-omega (t_j - t_i)) / lambda(t_j) is the
// chance that event i set off event j, p_jj = mu / lambda(t_j) that j came by
// itself, and with R_i = T - t_i
//
//	theta = sum p_ij / sum_i (1 - exp(-omega R_i))
//	omega = sum p_ij / (sum p_ij (t_j - t_i) + theta sum_i R_i exp(-omega R_i))
//	mu_c  = sum_{j in c} p_jj / T, drawn towards its neighbours as in [Shrunk].
//
// Both sums over pairs are running ones, so a step costs as much as there are
// events. Events of one moment do not set off one another.
type SEPP struct {
	Iterations int
	// LeastD bounds 1/omega from below, in days: records of one and the same
	// event some minutes apart would else be all that is learned.
	LeastD float64
	// Shrink draws mu towards its neighbours as [Shrunk] does; else it is as in
	// the paper.
	Shrink bool
}

// Name implements [Model].
func (SEPP) Name() string { return "sepp" }

// Fit implements [Model].
func (m SEPP) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	return fitLocal(ctx, m, s, past, until)
}

const thetaMost = 0.9 // beyond it a burst never dies out

func (m SEPP) fit(ctx context.Context, s *Space, past placed, until float64) (localFitted, error) {
	past = past.before(until)
	f := &seppFitted{s: s, model: m, theta: 0.2, omega: 1 / max(m.LeastD, 20), mu: make([]float64, s.Len())}
	if past.len() == 0 {
		f.start = until
		f.own, f.now, f.at = make([]float64, s.Len()), make([]float64, s.Len()), until
		return f, nil
	}
	f.start = past.day[0]
	byCell := group(past, s.Len())
	// At least a day: all events of one moment are no endless rate.
	span := max(1, until-f.start)
	own := make([]float64, s.Len())
	for _, c := range past.cell {
		own[c]++
	}
	f.background(own, span)
	for range m.Iterations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		theta, omega := f.theta, f.omega
		f.logL = f.step(byCell, own, until, span)
		if math.Abs(f.theta-theta) < 1e-4 && math.Abs(f.omega-omega) < 1e-3*omega {
			break // no map would show what is still to come
		}
	}
	f.own = own
	f.burst(past, until)
	return f, nil
}

// A days-by-cell index: the days of cell c are day[first[c]:first[c+1]].
type grouped struct {
	first []int32
	day   []float64
}

func group(p placed, cells int) grouped {
	g := grouped{first: make([]int32, cells+1), day: make([]float64, p.len())}
	for _, c := range p.cell {
		g.first[c+1]++
	}
	for c := range cells {
		g.first[c+1] += g.first[c]
	}
	next := append([]int32(nil), g.first[:cells]...)
	for i, c := range p.cell {
		g.day[next[c]] = p.day[i]
		next[c]++
	}
	return g
}

type seppFitted struct {
	s            *Space
	model        SEPP
	theta, omega float64
	mu           []float64 // events a day, by cell
	own          []float64 // sum_j p_jj by cell: what came by itself
	shape        float64   // of the prior of mu
	weights      []float64 // of its scales
	logL         float64   // of the step before the last
	start        float64   // of the history
	now          []float64 // by cell, sum_i exp(-omega (at - t_i)): what still works on
	at           float64   // the cut
	level
}

func (f *seppFitted) space() *Space { return f.s }

// Parameters implements [Told].
func (f *seppFitted) Parameters() map[string]float64 {
	return map[string]float64{"theta": f.theta, "omega": f.omega, "logl": f.logL}
}

// step is one E and one M step. It rewrites own, and returns the likelihood of
// the parameters that it began with.
func (f *seppFitted) step(g grouped, own []float64, until, span float64) (logL float64) {
	var pairs, gaps, reach, tail float64
	seen := newLogSum()
	for c := range own {
		days := g.day[g.first[c]:g.first[c+1]]
		own[c] = 0
		logL -= f.mu[c] * span
		// Over the events before the present moment: sum exp(-omega (t-t_i)),
		// and the same with the factor (t - t_i).
		var sum, sumGap float64
		var waiting float64 // events of the moment itself
		for j, t := range days {
			if j > 0 && t != days[j-1] {
				d := t - days[j-1]
				fade := math.Exp(-f.omega * d)
				sumGap = fade * (sumGap + d*(sum+waiting))
				sum = fade * (sum + waiting)
				waiting = 0
			}
			waiting++
			set := f.theta * f.omega
			lambda := f.mu[c] + set*sum
			if lambda > 0 {
				seen.add(lambda)
				own[c] += f.mu[c] / lambda
				pairs += set * sum / lambda
				gaps += set * sumGap / lambda
			}
			left := until - t
			fade := math.Exp(-f.omega * left)
			reach += 1 - fade
			tail += left * fade
		}
	}
	logL += seen.total() - f.theta*reach
	if reach > 0 {
		f.theta = min(thetaMost, pairs/reach)
	}
	if d := gaps + f.theta*tail; d > 0 && pairs > 0 {
		f.omega = min(pairs/d, 1/f.model.LeastD)
	}
	f.background(own, span)
	return logL
}

// background makes mu of the events that came by themselves.
func (f *seppFitted) background(own []float64, span float64) {
	if !f.model.Shrink {
		for c, n := range own {
			f.mu[c] = n / span
		}
		return
	}
	count, mean := borrow(len(f.s.owner)), borrow(len(f.s.owner))
	defer giveBack(count)
	defer giveBack(mean)
	f.s.spread(own, *count)
	f.weights = f.s.around(*count, f.weights, *mean)
	if f.shape == 0 {
		f.shape = gammaShape(f.s.owner, *count, *mean)
	}
	for i, c := range f.s.owner {
		if c >= 0 {
			m := (*mean)[i]
			(*mean)[i] = m * ((*count)[i] + f.shape) / (m + f.shape) / span
		}
	}
	f.s.cells(*mean, f.mu)
}

// spread writes mass by cell to pixels, evenly over a governance grid's.
func (s *Space) spread(mass, pixels []float64) {
	if s.polys == nil {
		for i, at := range s.pixelOf {
			pixels[at] = mass[i]
		}
		return
	}
	n := make([]float64, s.Len())
	for _, c := range s.owner {
		if c >= 0 {
			n[c]++
		}
	}
	for at, c := range s.owner {
		if c >= 0 {
			pixels[at] = mass[c] / n[c]
		}
	}
}

// burst sums what still works on at the cut.
func (f *seppFitted) burst(past placed, until float64) {
	f.now, f.at = make([]float64, f.s.Len()), until
	f.level = past.level(until)
	for i := firstAt(past.day, until-40/f.omega); i < past.len(); i++ {
		f.now[past.cell[i]] += math.Exp(-f.omega * (until - past.day[i]))
	}
}

func (f *seppFitted) move(_ context.Context, past placed, until float64) (localFitted, error) {
	n := *f
	n.burst(past.before(until), until)
	return &n, nil
}

// Expect implements [Fitted]. Its shape is that of the process; its sum is the
// city's level, since mu knows neither trend nor season.
func (f *seppFitted) Expect(from, to float64, into []float64) {
	set := f.theta * (math.Exp(-f.omega*(from-f.at)) - math.Exp(-f.omega*(to-f.at)))
	// Offspring have offspring: over a long time all generations come.
	set /= 1 - f.theta*-math.Expm1(-f.omega*(to-from))
	for c, mu := range f.mu {
		into[c] = mu*(to-from) + set*f.now[c]
	}
	normalise(f.s, into)
	n := f.total(from, to)
	for c := range into {
		into[c] *= n
	}
}
