package forecast

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"onemap/layers/forecast/guard"
	"onemap/layers/forecast/hotspot"
	"onemap/layers/worktime"
)

// A recipe's numbers: all that compute reads. The same material gives the same bits.
type material struct {
	params    Params
	sightings []sighting
	ground    ground
	gate      Gate
	incumbent string // the model that reigns over these classes; "": none yet
}

// A made is what compute gives.
type made struct {
	plane               Plane
	zone                *time.Location
	space               *hotspot.Space
	past                []hotspot.Event // within the space, before the cut
	known               []float64       // the day on which each became known; nil: at once
	delay               *Delay          // nil: none to speak of
	outside             int
	expected            []float64 // of each cell
	low                 []int
	high                []int
	before              []float64 // what the same model would have expected a month before
	order               []int32   // of the cells, the densest first
	hot                 int       // how many of order are hot
	clock               clock
	parts               map[string][]float64 // what the parts of the pool say of each cell, as shares of its expectation
	model               string
	trust               Reliability
	checks              []Check
	why                 Words // of the choice of the model
	dethrone            bool  // the incumbent lost
	total               float64
	totalLow, totalHigh float64
	summary             Summary
	backExpected        []float64 // by cell, of the last windows of the past
	backSeen            []float64
	backFrom, backTo    float64
	learned             map[string]float64 // parameters of the model, for the record
	repeats             *hotspot.Finding   // near repeats at the cut
	pool                hotspot.Pool
	weights             map[string]float64 // of the pool's parts, at the cut
	windowDays          float64
	thinned             map[string]guard.Sensitivity // by division
}

// level is that of the intervals.
const level = 0.9

// fewest is how many incidents a forecast is made of at least: below, its map
// would be a picture of chance.
const fewest = 20

// sameSpot is the share of incidents at exactly one place from which on that
// place is a fault of the data: where a geocoder puts what it cannot find.
const sameSpot = 0.9

// compute makes a forecast. It reads no clock, no database and no setting.
func compute(ctx context.Context, m material, progress func(step string, done float64)) (*made, error) {
	p := m.params
	zone, err := worktime.ParseZone(p.Zone)
	if err != nil {
		return nil, err
	}
	out := &made{zone: zone, plane: m.ground.plane()}
	progress("ground", 0.02)
	if out.space, err = m.ground.space(p, out.plane); err != nil {
		return nil, err
	}
	out.past, out.known, out.outside = events(m.sightings, out.plane, out.space, zone)
	if err := enough(out.past, out.outside, len(m.sightings)); err != nil {
		return nil, err
	}
	cut := dayOf(p.Until, zone)
	out.delay = delayOf(out.past, out.known, cut)
	progress("backtest", 0.05)
	j, err := judge(ctx, out, m, cut, func(f float64) { progress("backtest", 0.05+0.75*f) })
	if err != nil {
		return nil, err
	}
	progress("fitting", 0.82)
	if err := out.fit(ctx, p, j, cut); err != nil {
		return nil, err
	}
	out.rank(p)
	out.summarise(p, j)
	return out, nil
}

// enough refuses what would be a silent wrong map.
func enough(past []hotspot.Event, outside, read int) error {
	switch {
	case read == 0:
		return cannot("classes", "数据截止前没有公众报告过这些类别的案件:换类别、换部门,或推后数据截止时间",
			"nobody has reported a case of these classes before the data cut: choose others, another department, or a later cut")
	case len(past) == 0:
		return cannot("classes", "这些类别的 %d 起案件都在城市单元之外:检查它们的坐标系,或城市范围",
			"all %d cases of these classes lie outside of the city's cells: check their coordinate system, or the city's outline", read)
	case 2*outside > read && outside > 10:
		return cannot("classes", "%d 起在城市单元之外(共 %d 起):先检查它们的坐标系,再用其余案件预测",
			"%d cases lie outside of the city's cells, of %d: check their coordinate system before a forecast is made of the rest", outside, read)
	case len(past) < fewest:
		return cannot("classes", "公众报告过的这些类别的案件只有 %d 起,至少需要 %d 起:多选几类,或推后数据截止时间",
			"only %d cases of these classes were reported; it takes at least %d: take more classes together, or a later cut", len(past), fewest)
	}
	spots := map[[2]float64]int{}
	most := 0
	for _, e := range past {
		spots[e.At]++
		most = max(most, spots[e.At])
	}
	if float64(most) >= sameSpot*float64(len(past)) {
		return cannot("classes", "%d 起在同一个点上(共 %d 起):找不到的地址常被放在那里;请先更正位置",
			"%d cases, of %d, are at one and the same point: that is where addresses are put that were not found; correct their places first", most, len(past))
	}
	return nil
}

// expect asks a fitted model for the run's time, hour by hour where only some
// hours are asked for.
func (o *made) expect(f hotspot.Fitted, p Params, shiftDays float64, into []float64) {
	from, to := dayOf(p.From, o.zone)-shiftDays, dayOf(p.To, o.zone)-shiftDays
	if p.Horizon != "shift" && p.Hours == nil {
		f.Expect(from, to, into)
		return
	}
	days := max(1, math.Ceil(to-from-1e-9))
	f.Expect(from, from+days, into)
	hours := int(math.Round((to - from) * 24))
	part := map[int32]float64{}
	for i := range into {
		z := o.clock.zone[i]
		if _, ok := part[z]; !ok {
			part[z] = o.clock.part(z, hourOfWeek(from), int(days)*24, func(n, hour int) bool {
				return n < hours && (p.Hours == nil || slices.Contains(p.Hours, hour))
			})
		}
		into[i] *= part[z]
	}
}

// rank orders the cells and says which are hot.
func (o *made) rank(p Params) {
	o.order = densest(o.space, o.expected)
	want := p.Share * o.space.TotalM2()
	var area float64
	for _, c := range o.order {
		if p.Count > 0 && o.hot >= p.Count || p.Count == 0 && area >= want || o.expected[c] <= 0 {
			break
		}
		area += o.space.AreaM2(int(c))
		o.hot++
	}
}

// densest orders cells by what is expected of them a square metre. Ties are
// broken by a hash of the cell, which favours no corner.
func densest(s *hotspot.Space, expected []float64) []int32 {
	order := make([]int32, s.Len())
	density := make([]float64, s.Len())
	for i := range order {
		order[i] = int32(i)
		density[i] = expected[i] / s.AreaM2(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(density[b], density[a]), cmp.Compare(mix64(uint64(a)), mix64(uint64(b))))
	})
	return order
}

// mix64 is the finaliser of splitmix64.
func mix64(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// resultHash is of the cells' numbers.
func (o *made) resultHash() [32]byte {
	low, high := make([]float64, len(o.low)), make([]float64, len(o.high))
	for i := range o.low {
		low[i], high[i] = float64(o.low[i]), float64(o.high[i])
	}
	return hashFloats(o.expected, o.before, low, high)
}
