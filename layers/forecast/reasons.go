package forecast

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"onemap/layers/forecast/hotspot"
)

// maxReasons bounds how many hot cells are given reasons.
const maxReasons = 500

// nearM is how far "near by" is.
const nearM = 400.0

// reasons puts what drives the hot cells into words: what was counted there and
// around, which family of models the expectation comes from, and when. They say
// what the model has seen, not why things happen.
func (o *made) reasons(most int) map[int32]Words {
	out := map[int32]Words{}
	until := 0.0
	if n := len(o.past); n > 0 {
		until = o.past[n-1].Day
	}
	near := newNearby(o.past, until-365)
	perCell := float64(len(o.past)-hotspot.Before(o.past, until-365)) / float64(o.space.Len())
	for _, c := range o.order[:min(o.hot, most)] {
		at := o.space.Centre(int(c))
		var year, month, around int
		near.each(at, nearM+o.space.CellM(), func(e hotspot.Event) {
			in := o.space.CellAt(e.At) == int(c)
			switch {
			case in:
				year++
				if e.Day >= until-28 {
					month++
				}
			case e.Day >= until-28 && planar.Distance(e.At, at) <= nearM:
				around++
			}
		})
		out[c] = o.words(c, year, month, around, perCell)
	}
	return out
}

func (o *made) words(c int32, year, month, around int, average float64) Words {
	var zh, en []string
	zh = append(zh, fmt.Sprintf("近一年 %d 起(单元平均 %.1f 起)", year, average))
	en = append(en, fmt.Sprintf("%d in a year (a cell has %.1f on average)", year, average))
	if month > 0 || around > 0 {
		zh = append(zh, fmt.Sprintf("近 28 天 %d 起,周围 %.0f 米 %d 起", month, nearM, around))
		en = append(en, fmt.Sprintf("%d in the last 28 days, %d within %.0f m", month, around, nearM))
	}
	top, share := "", 0.0
	for _, family := range []string{longStanding, lately, again, surroundings, spread} {
		if v := o.parts[family]; v != nil && v[c] > share {
			top, share = family, v[c]
		}
	}
	if w, ok := familyWords[top]; ok {
		zh = append(zh, fmt.Sprintf("主要依据:%s(%.0f%%)", w.ZH, 100*share))
		en = append(en, fmt.Sprintf("mostly %s (%.0f %%)", w.EN, 100*share))
	}
	if d := o.expected[c] - o.before[c]; o.before[c] > 0 && math.Abs(d) > 0.25*o.before[c] {
		word := Words{"高于", "above"}
		if d < 0 {
			word = Words{"低于", "below"}
		}
		zh = append(zh, fmt.Sprintf("%s上月 %.0f%%", word.ZH, 100*math.Abs(d)/o.before[c]))
		en = append(en, fmt.Sprintf("%.0f %% %s last month", 100*math.Abs(d)/o.before[c], word.EN))
	}
	if w := peak(o.clock.share[o.clock.zone[c]][:]); w.ZH != "" {
		zh, en = append(zh, "这一带多在"+w.ZH), append(en, "around here mostly "+w.EN)
	}
	return Words{strings.Join(zh, ";") + "。", strings.Join(en, "; ") + "."}
}

var familyWords = map[string]Words{
	longStanding: {"长期多发", "where it has long been frequent"},
	lately:       {"近期多发", "where it has been frequent lately"},
	again:        {"近重复(刚发生过,附近短期内易再发)", "near repeats: it has just happened near by"},
	surroundings: {"周围环境(建筑、商铺、路灯、企业风险、以往火情)与以往次数", "what stands there (buildings, shops, lights, enterprise risk, past fires) and earlier counts"},
	spread:       {"没有明显规律", "no pattern"},
}

// peak names the six hours of the day that have most, and the days if weekends
// differ; "" where the hours are as good as even.
func peak(week []float64) Words {
	var day [24]float64
	var weekend float64
	for h, v := range week {
		day[h%24] += v
		if h >= 5*24 {
			weekend += v
		}
	}
	best, at := 0.0, 0
	for h := range day {
		var sum float64
		for k := range 6 {
			sum += day[(h+k)%24]
		}
		if sum > best {
			best, at = sum, h
		}
	}
	if best < 0.33 { // a quarter would be even
		return Words{}
	}
	w := Words{fmt.Sprintf(" %d–%d 时(%.0f%%)", at, (at+6)%24, 100*best), fmt.Sprintf("%d:00 to %d:00 (%.0f %%)", at, (at+6)%24, 100*best)}
	if weekend > 0.36 { // 2/7 would be even
		w.ZH, w.EN = w.ZH+",周末更多", w.EN+", more at weekends"
	}
	return w
}

// nearby finds events about a place: squares of its reach, by hash.
type nearby struct {
	squares map[[2]int][]hotspot.Event
}

const squareM = 500.0

func newNearby(past []hotspot.Event, since float64) nearby {
	n := nearby{map[[2]int][]hotspot.Event{}}
	for _, e := range past[hotspot.Before(past, since):] {
		k := squareAt(e.At)
		n.squares[k] = append(n.squares[k], e)
	}
	return n
}

func squareAt(p orb.Point) [2]int {
	return [2]int{int(math.Floor(p[0] / squareM)), int(math.Floor(p[1] / squareM))}
}

func (n nearby) each(at orb.Point, reach float64, f func(hotspot.Event)) {
	a, b := squareAt(orb.Point{at[0] - reach, at[1] - reach}), squareAt(orb.Point{at[0] + reach, at[1] + reach})
	for x := a[0]; x <= b[0]; x++ {
		for y := a[1]; y <= b[1]; y++ {
			for _, e := range n.squares[[2]int{x, y}] {
				f(e)
			}
		}
	}
}
