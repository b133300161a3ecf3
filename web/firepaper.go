package web

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/firerisk"
	"onemap/layers/forecast/firerisk/model"
	"onemap/web/paper"
)

// A firePaper is a list of inspections to take along: a page or more for each
// tour, with its way, its visits and why each is on the list, and room to note
// what was found.
type firePaper struct {
	writing
	list    firerisk.List
	trial   *model.Trial // of the scores it goes by; nil: it goes by none
	horizon int          // of the scores, days
}

func (p *firePaper) draw() {
	p.doc.Title = fireTitle(p.list, p.lang)
	for _, t := range p.list.Tours {
		stops := fireStops(p.list, t)
		if len(stops) == 0 {
			continue
		}
		p.turn()
		p.text(16, paper.Black, p.doc.Title)
		p.text(11, paper.Black, p.say("%s，%s：%d 处，路上约 %.0f 分钟，%.1f 公里", "%s, %s: %d visits, about %.0f minutes and %.1f km on the way", t.Day, t.Name, len(stops), t.Seconds/60, t.LengthM/1000))
		p.text(9, paperGrey, p.say("清单 %d，候选处所 %d，随机种子 %d", "List %d, drawn from %d places, seed %d", p.list.ID, p.list.Pool, p.list.Seed))
		p.trust()
		p.chart(t, stops)
		p.table(stops)
		p.text(8, paperGrey, p.say("标注「随机抽查」的处所由随机抽取产生,用来检验风险评分没有看到的地方。评分只针对处所,不针对任何个人;是否检查由负责人员决定。",
			"Places marked random audit were drawn by chance, to check where the scores do not look. Scores are of places, never of a person; whether to inspect is decided by those in charge."))
	}
	if p.doc.Pages() == 0 {
		p.turn()
		p.text(16, paper.Black, p.doc.Title)
		p.text(11, paper.Black, p.say("没有要去的处所：全部未采纳。", "There is nowhere to go: all lines were refused."))
	}
}

// trust says how good the scores were on past days.
func (p *firePaper) trust() {
	if p.trial == nil || len(p.trial.Orders) < 2 {
		p.text(9, paperGrey, p.say("评分未通过检验或没有评分：清单按法定期限、最久未检查和随机抽查排出。", "There were no scores to trust: the list goes by legal terms, by who was longest without an inspection, and by chance."))
		return
	}
	m, chance := p.trial.Orders[0], p.trial.Orders[len(p.trial.Orders)-1]
	p.text(9, paperGrey, p.say("回放检验：评分最高的 %d 个处所覆盖了其后 %.0f%% 的火灾（95%% 区间 %.0f%% 至 %.0f%%），随机抽取为 %.0f%%。", "On past days the %d highest places had %.0f %% of the fires that followed (95 %%: %.0f to %.0f %%); chance gives %.0f %%.",
		p.trial.K, 100*m.Recall, 100*m.Low, 100*m.High, 100*chance.Recall))
}

// chart draws the way and the numbered visits.
func (p *firePaper) chart(t firerisk.Tour, stops []firerisk.Line) {
	var all orb.MultiPoint
	all = append(all, t.Line...)
	for _, x := range stops {
		all = append(all, orb.Point{x.Lon, x.Lat})
	}
	b := all.Bound().Pad(0.0005)
	const height = 240.0
	p.y += 10
	cos := math.Cos(b.Center()[1] * math.Pi / 180)
	w := paper.Width - 2*paperMargin
	scale := min(w/((b.Max[0]-b.Min[0])*cos), height/(b.Max[1]-b.Min[1])) // points a degree of latitude
	left := paperMargin + (w-(b.Max[0]-b.Min[0])*cos*scale)/2
	at := func(q orb.Point) [2]float64 {
		return [2]float64{left + (q[0]-b.Min[0])*cos*scale, p.y + (b.Max[1]-q[1])*scale}
	}
	line := make([][2]float64, len(t.Line))
	for i, q := range t.Line {
		line[i] = at(q)
	}
	if len(line) > 1 {
		p.page.Line(1.2, patrolWay, line...)
	}
	if t.Unit > 0 && len(t.Line) > 1 { // the station, where the way begins and ends
		q := at(t.Line[0])
		p.page.Area(paper.Black, [][2]float64{{q[0], q[1] - 5}, {q[0] + 5, q[1] + 4}, {q[0] - 5, q[1] + 4}})
	}
	for _, x := range stops {
		q, ink := at(orb.Point{x.Lon, x.Lat}), patrolStopInk
		if x.Reason == model.ForAudit {
			ink = patrolChance
		}
		p.page.Area(ink, [][2]float64{{q[0] - 3, q[1] - 3}, {q[0] + 3, q[1] - 3}, {q[0] + 3, q[1] + 3}, {q[0] - 3, q[1] + 3}})
		p.page.Text(q[0]+5, q[1]-2, 8, paper.Black, fmt.Sprint(x.Stop))
	}
	p.y += (b.Max[1]-b.Min[1])*scale + 8
}

// table lists the visits; the last column is for a pen, or what came back.
func (p *firePaper) table(stops []firerisk.Line) {
	const size = 9.0
	columns := []float64{paperMargin, paperMargin + 20, paperMargin + 170, paperMargin + 222, paperMargin + 420}
	ends := append(columns[1:len(columns):len(columns)], paper.Width-paperMargin+4)
	row := func(c paper.Colour, cells []string) {
		lines, most := make([][]string, len(cells)), 1
		for i, text := range cells {
			lines[i] = paper.Wrap(size, ends[i]-columns[i]-4, text)
			most = max(most, len(lines[i]))
		}
		p.room(float64(most)*size*1.5 + 6)
		for i := range cells {
			for k, text := range lines[i] {
				p.page.Text(columns[i], p.y+size+3+float64(k)*size*1.5, size, c, text)
			}
		}
		p.y += float64(most)*size*1.5 + 6
		p.page.Line(0.3, paperLine, [2]float64{paperMargin, p.y}, [2]float64{paper.Width - paperMargin, p.y})
	}
	row(paperGrey, []string{"#", p.say("处所", "Place"), p.say("原因", "Reason"), p.say("依据", "Grounds"), p.say("结果 / 备注", "Outcome / notes")})
	for _, x := range stops {
		why := strings.ReplaceAll(fireWhy(p.lang, x), "m²", "sq m") // the reader's Chinese fonts have no such sign
		if x.Likely != nil {
			why = p.say("%d 天内起火概率 %.1f%%，预计 %.2f 起（90%% 区间 %.2f 至 %.2f）；", "Probability of a fire in %d days %.1f %%, %.2f expected (90 %%: %.2f to %.2f); ", p.horizon, 100**x.Likely, *x.Expected, *x.Low, *x.High) + why
		}
		last := p.say("未检查过", "never inspected")
		if x.Inspected != "" {
			last = p.say("上次检查 %s", "last inspected %s", x.Inspected)
		}
		if x.Due != "" {
			last += p.say("，期限 %s", ", due %s", x.Due)
		}
		what := fireName(p.lang, x)
		if x.Name != "" {
			what += " " + said(p.lang, x.UseZH, x.UseEN)
		}
		done := ""
		if x.Outcome != "" {
			done = fireWord(p.lang, x.Outcome)
		}
		row(paper.Black, []string{fmt.Sprint(x.Stop), what, fireWord(p.lang, x.Reason), why + p.say("。", ". ") + last, done})
	}
}
