package forecast

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"onemap/layers/forecast/hotspot"
)

// latestReport is how long after it happened a case is reported at most. What
// bears a later time was loaded then and known before: of an archive that is
// imported nobody knows when each case was reported, so it is taken to be known
// at once.
const latestReport = 60 * 24 * time.Hour

// KnownAt is when a case became known; loaded says that it was loaded later, and
// is taken to be known at once.
func KnownAt(occurred, reported time.Time) (at time.Time, loaded bool) {
	switch late := reported.Sub(occurred); {
	case late <= 0:
		return occurred, false
	case late > latestReport:
		return occurred, true
	}
	return reported, false
}

// A Delay is how long after they happened cases were reported, of those that
// are old enough to be reported all.
type Delay struct {
	Cases    int     `json:"cases" doc:"Of the year that ended 60 days before the data cut"`
	MedianH  float64 `json:"median_h" doc:"Half of them were reported within so many hours"`
	MostDays float64 `json:"most_days" doc:"19 of 20 within so many days"`
	Known    float64 `json:"known" doc:"Share of the incidents of the last 90 days that was reported by the cut: what is expected is of all"`
	HeldOut  float64 `json:"held_out_days" doc:"So many days before the cut the backtest ends: what came later is not all reported"`
}

// worthWaiting is the delay, in days, from which on a backtest ends earlier;
// longestWait is by how much at most.
const worthWaiting, longestWait = 1.0, 28.0

// delayOf is nil where hardly any case is old enough, or all were known at once.
func delayOf(past []hotspot.Event, known []float64, cut float64) *Delay {
	if known == nil {
		return nil
	}
	old := cut - latestReport.Hours()/24
	var days []float64
	for i := hotspot.Before(past, old-365); i < len(past) && past[i].Day < old; i++ {
		days = append(days, known[i]-past[i].Day)
	}
	if len(days) < fewest {
		return nil
	}
	slices.Sort(days)
	d := &Delay{Cases: len(days), MedianH: round6(24 * days[len(days)/2]), MostDays: round6(days[len(days)*19/20]), Known: 1}
	if d.MostDays >= worthWaiting {
		d.HeldOut = min(longestWait, math.Ceil(d.MostDays))
	}
	return d
}

// end is the day up to which what came can be counted.
func (d *Delay) end(cut float64) float64 {
	if d == nil {
		return cut
	}
	return cut - d.HeldOut
}

// words say what late reports mean for a run; nothing where they mean little.
func (d *Delay) words() []Words {
	if d == nil || d.HeldOut == 0 && d.Known > 0.99 {
		return nil
	}
	w := Words{
		fmt.Sprintf("警情发生后要过一段时间才上报:一半在 %.3g 小时内,二十起中十九起在 %.3g 天内。最近 90 天的警情估计已有 %.0f%% 上报,预测总数已按此补足;回溯检验的每次预测只用当时已上报的警情", d.MedianH, d.MostDays, 100*d.Known),
		fmt.Sprintf("Incidents are reported some time after they happen: half within %.3g hours, 19 of 20 within %.3g days. Of those of the last 90 days %.0f %% are reported by now, and the number expected makes up for the rest; each forecast of the past knows only what was reported then", d.MedianH, d.MostDays, 100*d.Known)}
	if d.HeldOut > 0 {
		w.ZH += fmt.Sprintf(",且不评最后 %.0f 天", d.HeldOut)
		w.EN += fmt.Sprintf(", and none is of the last %.0f days", d.HeldOut)
	}
	w.ZH, w.EN = w.ZH+"。", w.EN+"."
	return []Words{w}
}

// sorted puts events, and the day on which each became known, into the order
// that models want. The days are nil where all were known at once.
func sorted(in []hotspot.Event, known []float64) ([]hotspot.Event, []float64) {
	order := make([]int, len(in))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := in[i], in[j]
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.At[0], b.At[0]), cmp.Compare(a.At[1], b.At[1]), cmp.Compare(known[i], known[j]))
	})
	events, days := make([]hotspot.Event, len(in)), make([]float64, len(in))
	late := false
	for n, i := range order {
		events[n], days[n] = in[i], known[i]
		late = late || known[i] > in[i].Day
	}
	if !late {
		days = nil
	}
	return events, days
}
