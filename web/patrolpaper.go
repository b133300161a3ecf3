package web

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/deploy/patrolplan"
	"onemap/layers/forecast"
	"onemap/web/paper"
)

// A patrolPaper is a plan to take along: a page or more for each unit, with
// its way, its stops and their times, and room to note what was seen.
type patrolPaper struct {
	writing
	plan patrolplan.Plan
	zone *time.Location
	// The forecast that it was made from, and how wrong that has been; nil where no
	// forecast was taken, or the reader may not see it.
	run *forecast.Run
}

var (
	patrolWay     = paper.Colour{0.12, 0.35, 0.70}
	patrolStopInk = paper.Colour{0.80, 0.25, 0.10}
	patrolChance  = paper.Colour{0.45, 0.20, 0.60}
)

func (p *patrolPaper) draw() {
	p.doc.Title = patrolTitle(p.plan.Title, p.lang)
	for _, u := range p.plan.Units {
		p.turn()
		p.head(u)
		p.chart(u)
		p.table(u)
		p.text(8, paperGrey, p.say("标注「随机」的点位由随机抽取产生,用来检验预测没有看到的地方。点位是建议:是否前往由带队人员按现场情况决定。巡逻只针对地点,不针对任何个人。",
			"Stops marked random were drawn by chance, to check where the forecast does not look. Stops are advice: whoever leads decides on the spot. Patrols are about places, never about a person."))
	}
	if len(p.plan.Units) == 0 {
		p.turn()
	}
}

func (p *patrolPaper) clock(t time.Time) string { return t.In(p.zone).Format("15:04") }

func (p *patrolPaper) head(u patrolplan.Unit) {
	p.text(16, paper.Black, p.doc.Title+" · "+u.Name)
	line := p.say("%s %s 至 %s,返回 %s", "%s %s to %s, back %s", u.From.In(p.zone).Format("2006-01-02"), p.clock(u.From), p.clock(u.Until), p.clock(u.Back))
	if u.PersonName != "" {
		line += " · " + u.PersonName
	}
	p.text(10, paper.Black, line)
	for _, b := range u.Breaks {
		if b.From != nil {
			p.text(10, paper.Black, p.say("休息 %s,%.0f 分钟", "Break %s, %.0f minutes", p.clock(*b.From), b.Minutes))
		}
	}
	state := map[string]string{patrolplan.Draft: p.say("草案,尚未采纳", "Draft, not accepted yet"), patrolplan.Refused: p.say("已否决", "Refused"), patrolplan.Withdrawn: p.say("已撤回", "Withdrawn"), patrolplan.Accepted: p.say("已采纳", "Accepted")}[p.plan.State]
	p.text(9, paperGrey, p.say("%s · 方案 %d · 第 %d 版 · 随机种子 %d · 编号 %.16s", "%s · plan %d · version %d · seed %d · record %.16s", state, p.plan.ID, p.plan.Version, p.plan.Seed, p.plan.Hash))
	if r := p.run; r != nil {
		p.text(9, paperGrey, p.say("依据预测 %d:", "From forecast %d: ", r.ID)+said(p.lang, r.Summary.Verdict.ZH, r.Summary.Verdict.EN))
	}
}

// patrolTitle is what a plan is called: as whoever ordered it did, or its day
// and hour in the reader's language.
func patrolTitle(title, lang string) string {
	if at, made := strings.CutPrefix(title, "巡逻 "); made && lang == "en" {
		if _, err := time.Parse("2006-01-02 15:04", at); err == nil {
			return "Patrols " + at
		}
	}
	return title
}

// chart draws the way and the numbered stops.
func (p *patrolPaper) chart(u patrolplan.Unit) {
	var all orb.MultiPoint
	for _, at := range u.Line {
		all = append(all, at)
	}
	for _, s := range u.Stops {
		all = append(all, orb.Point{s.Lon, s.Lat})
	}
	if len(all) < 2 {
		return
	}
	b := all.Bound().Pad(0.0005)
	const height = 280.0
	p.y += 10
	cos := math.Cos(b.Center()[1] * math.Pi / 180)
	w := paper.Width - 2*paperMargin
	scale := min(w/((b.Max[0]-b.Min[0])*cos), height/(b.Max[1]-b.Min[1])) // points a degree of latitude
	left := paperMargin + (w-(b.Max[0]-b.Min[0])*cos*scale)/2
	at := func(q orb.Point) [2]float64 {
		return [2]float64{left + (q[0]-b.Min[0])*cos*scale, p.y + (b.Max[1]-q[1])*scale}
	}
	line := make([][2]float64, len(u.Line))
	for i, q := range u.Line {
		line[i] = at(q)
	}
	if len(line) > 1 {
		p.page.Line(1.2, patrolWay, line...)
	}
	// A place has the number of its first stop: all of them would run into each
	// other, and the table has them.
	drawn := map[int]bool{}
	for _, s := range u.Stops {
		if drawn[s.Place] {
			continue
		}
		drawn[s.Place] = true
		q, ink := at(orb.Point{s.Lon, s.Lat}), patrolStopInk
		if s.Explore {
			ink = patrolChance
		}
		p.page.Area(ink, [][2]float64{{q[0] - 3, q[1] - 3}, {q[0] + 3, q[1] - 3}, {q[0] + 3, q[1] + 3}, {q[0] - 3, q[1] + 3}})
		p.page.Text(q[0]+5, q[1]-2, 8, paper.Black, fmt.Sprint(s.N))
	}
	p.y += (b.Max[1]-b.Min[1])*scale + 8
}

// table lists the stops; its last column is for a pen, or what came back.
func (p *patrolPaper) table(u patrolplan.Unit) {
	columns := []float64{paperMargin, paperMargin + 22, paperMargin + 100, paperMargin + 300, paperMargin + 340}
	row := func(c paper.Colour, cells []string) {
		const size = 9.0
		title := paper.Wrap(size, columns[3]-columns[2]-4, cells[2])
		last := paper.Wrap(size, paper.Width-paperMargin-columns[4], cells[4])
		n := max(1, len(title), len(last))
		p.room(float64(n)*size*1.5 + 6)
		for i, text := range []string{cells[0], cells[1], "", cells[3], ""} {
			p.page.Text(columns[i], p.y+size+3, size, c, text)
		}
		for i, text := range title {
			p.page.Text(columns[2], p.y+size+3+float64(i)*size*1.5, size, c, text)
		}
		for i, text := range last {
			p.page.Text(columns[4], p.y+size+3+float64(i)*size*1.5, size, c, text)
		}
		p.y += float64(n)*size*1.5 + 6
		p.page.Line(0.3, paperLine, [2]float64{paperMargin, p.y}, [2]float64{paper.Width - paperMargin, p.y})
	}
	row(paperGrey, []string{"#", p.say("停留", "Stay"), p.say("点位", "Place"), p.say("类别", "Kind"), p.say("到访 / 备注", "Visited / notes")})
	for _, s := range u.Stops {
		kind, done := "", ""
		if s.Explore {
			kind = p.say("随机", "random")
		}
		switch {
		case s.VisitedAt != nil:
			done = p.say("已到 ", "visited ") + p.clock(*s.VisitedAt)
		case s.Skipped != "":
			done = p.say("未到:", "skipped: ") + s.Skipped
		}
		if s.Note != "" {
			done += " " + s.Note
		}
		row(paper.Black, []string{fmt.Sprint(s.N), p.clock(s.Start) + "–" + p.clock(s.Leave), s.Title, kind, done})
	}
}
