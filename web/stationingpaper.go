package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/deploy"
	"onemap/web/paper"
)

// A stationingPaper is a plan of posts to take along and to decide by: what it
// covers beside today, how far from the best it is at most, a map, the posts,
// and the areas with those that lose first.
type stationingPaper struct {
	writing
	plan    deploy.Plan
	data    deploy.Data
	outline orb.MultiPolygon // of the city; may be empty
	zone    *time.Location
}

var (
	postInk    = paper.Colour{0.10, 0.30, 0.65}
	todayInk   = paper.Colour{0.35, 0.35, 0.35}
	losesInk   = paper.Colour{0.75, 0.10, 0.10}
	sparseInk  = paper.Colour{0.99, 0.88, 0.75}
	densestInk = paper.Colour{0.80, 0.35, 0.10}
)

func (p *stationingPaper) draw() {
	p.doc.Title = p.plan.Title
	p.turn()
	p.text(16, paper.Black, p.plan.Title)
	state := map[string]string{"proposed": p.say("待定", "Proposed, not decided yet"), "accepted": p.say("已采纳", "Accepted"), "refused": p.say("未采纳", "Refused"), "ended": p.say("已终止", "Ended")}[p.plan.State]
	p.text(10, paper.Black, state+p.say(";", "; ")+said(p.lang, p.plan.OrgZH, p.plan.OrgEN))
	p.text(9, paperGrey, p.say("方案 %d;%s %s;编号 %.16s", "Plan %d; %s %s; record %.16s", p.plan.ID, p.plan.MadeBy, p.plan.MadeAt.In(p.zone).Format("2006-01-02 15:04"), p.plan.Hash))
	p.covered()
	p.text(10, paper.Black, p.proven())
	for _, l := range p.plan.Answer.Plan.Unmet {
		p.text(10, losesInk, p.lacks(l))
	}
	for _, n := range p.plan.Answer.Notes {
		p.text(9, paperGrey, said(p.lang, n.ZH, n.EN))
	}
	for _, d := range p.plan.Decisions {
		p.text(9, paper.Black, fmt.Sprintf("%s %s: %s %s", d.At.In(p.zone).Format("2006-01-02 15:04"), d.By, d.Decision, d.Reason))
	}
	p.chart()
	p.posts()
	p.areas()
	p.text(8, paperGrey, p.say("方案是建议:是否采纳由负责人员决定。时间按路网推算,实际会有出入。", "A plan is advice: those in charge decide. Times are those of the road network; on the road they differ."))
}

// covered says what the plan covers, beside today.
func (p *stationingPaper) covered() {
	of := func(m deploy.Measured) string {
		s := p.say("%.1f 分钟内可到 %.1f%% 的需求,平均 %.1f 分钟", "%.1[2]f %% of demand within %.1[1]f min, mean %.1[3]f min", p.plan.Question.WithinS/60, 100*m.Covered, m.MeanS/60)
		if m.P90S != nil {
			s += p.say(",九成在 %.1f 分钟内", ", nine tenths within %.1f min", *m.P90S/60)
		}
		return s
	}
	units := 0
	for _, x := range p.plan.Answer.Plan.Posts {
		units += x.Units
	}
	p.text(10, paper.Black, p.say("方案(%d 支力量):%s", "Plan, units %d: %s", units, of(p.plan.Answer.Plan)))
	if t := p.plan.Answer.Today; t != nil {
		p.text(10, paper.Black, p.say("现状:%s", "Today: %s", of(*t)))
	}
}

// proven says how far from the best the plan is at most.
func (p *stationingPaper) proven() string {
	g := p.plan.Answer.Gap
	switch {
	case len(p.plan.Answer.Plan.Unmet) > 0:
		return p.say("没有找到满足全部条件的方案,差距没有意义。", "No plan was found that keeps all conditions; a gap says nothing.")
	case g == nil:
		return p.say("由人调整过驻点,没有可证明的差距。", "A person moved its posts: nothing is proven of it.")
	case *g == 0:
		return p.say("已证明:这就是同样条件下的最优方案。", "Proven: no plan under the same conditions is better.")
	}
	return p.say("已证明:与同样条件下的最优方案相差不超过 %.2f%%。", "Proven: at most %.2f %% worse than the best plan there is under the same conditions.", 100**g)
}

func (p *stationingPaper) lacks(l deploy.Lack) string {
	switch l.What {
	case "must":
		if l.Has < 0 {
			return p.say("必到地点“%s”没有道路可达。", "No road leads to the place “%s”, which must be reached.", l.Name)
		}
		return p.say("必到地点“%s”要 %.1f 分钟,要求 %.1f 分钟。", "The place “%s” is %.1f minutes away; %.1f were asked for.", l.Name, l.Has/60, l.Want/60)
	case "balance":
		return p.say("驻点 %s 负担 %.1f,上限 %.1f。", "Post %s serves %.1f; %.1f is the most.", l.Name, l.Has, l.Want)
	}
	return p.say("%s 只有 %.1f%% 的需求达标,要求 %.1f%%。", "%s: %.1f %% of demand is within its time; %.1f %% were asked for.", cmp.Or(l.Name, p.say("全市", "City")), 100*l.Has, 100*l.Want)
}

// chart draws demand, the darker the more; stations of today as rings, and the
// posts with their numbers.
func (p *stationingPaper) chart() {
	var all orb.MultiPoint
	for _, x := range p.data.Points {
		all = append(all, orb.Point{x.Lon, x.Lat})
	}
	for _, x := range p.plan.Answer.Plan.Posts {
		all = append(all, orb.Point{x.Lon, x.Lat})
	}
	if len(all) == 0 {
		return
	}
	b := all.Bound().Pad(0.002)
	if len(p.outline) > 0 {
		b = b.Union(p.outline.Bound())
	}
	p.room(paperMap + 40)
	p.y += 10
	cos := math.Cos(b.Center()[1] * math.Pi / 180)
	w := paper.Width - 2*paperMargin
	scale := min(w/((b.Max[0]-b.Min[0])*cos), paperMap/(b.Max[1]-b.Min[1])) // points a degree of latitude
	left := paperMargin + (w-(b.Max[0]-b.Min[0])*cos*scale)/2
	at := func(lon, lat float64) [2]float64 {
		return [2]float64{left + (lon-b.Min[0])*cos*scale, p.y + (b.Max[1]-lat)*scale}
	}
	square := func(q [2]float64, half float64) [][2]float64 {
		return [][2]float64{{q[0] - half, q[1] - half}, {q[0] + half, q[1] - half}, {q[0] + half, q[1] + half}, {q[0] - half, q[1] + half}, {q[0] - half, q[1] - half}}
	}
	half := min(6, max(0.8, p.plan.Question.Demand.CellM/111_200*scale/2))
	byDemand := slices.Clone(p.data.Points)
	slices.SortStableFunc(byDemand, func(a, b deploy.Point) int { return cmp.Compare(a.Demand, b.Demand) })
	for i, x := range byDemand { // the densest on top
		t := float64(i+1) / float64(len(byDemand))
		var ink paper.Colour
		for k := range ink {
			ink[k] = sparseInk[k] + t*(densestInk[k]-sparseInk[k])
		}
		p.page.Area(ink, square(at(x.Lon, x.Lat), half))
	}
	for _, poly := range p.outline {
		for _, r := range poly {
			line := make([][2]float64, len(r))
			for i, q := range r {
				line[i] = at(q[0], q[1])
			}
			p.page.Line(0.6, paperGrey, line...)
		}
	}
	for _, k := range p.data.Today {
		if k >= 0 && k < len(p.data.Candidates) {
			p.page.Line(1, todayInk, square(at(p.data.Candidates[k].Lon, p.data.Candidates[k].Lat), 5)...)
		}
	}
	for _, x := range p.plan.Answer.Plan.Posts {
		q := at(x.Lon, x.Lat)
		p.page.Area(postInk, square(q, 3.5))
		p.page.Text(q[0]+6, q[1]-3, 9, paper.Black, fmt.Sprint(x.Number))
	}
	p.y += (b.Max[1]-b.Min[1])*scale + 4
	if p.data.Withheld {
		n := p.data.Notes[len(p.data.Notes)-1]
		p.text(8, paperGrey, said(p.lang, n.ZH, n.EN))
	}
	p.text(8, paperGrey, p.say("蓝色方块:方案的驻点;空心方块:现有站点;底色越深需求越多。", "Blue squares: posts of the plan. Hollow ones: stations of today. The darker the ground, the more demand."))
}

// row writes cells at columns, the wide one wrapped.
func (p *stationingPaper) row(c paper.Colour, columns []float64, wide int, cells []string) {
	const size = 9.0
	lines := paper.Wrap(size, columns[wide+1]-columns[wide]-6, cells[wide])
	p.room(float64(max(1, len(lines)))*size*1.5 + 4)
	for i, text := range cells {
		if i != wide {
			p.page.Text(columns[i], p.y+size+2, size, c, text)
		}
	}
	for i, line := range lines {
		p.page.Text(columns[wide], p.y+size+2+float64(i)*size*1.5, size, c, line)
	}
	p.y += float64(max(1, len(lines)))*size*1.5 + 4
	p.page.Line(0.3, paperLine, [2]float64{paperMargin, p.y}, [2]float64{paper.Width - paperMargin, p.y})
}

func (p *stationingPaper) posts() {
	columns := []float64{paperMargin, paperMargin + 24, paperMargin + 230, paperMargin + 275, paperMargin + 350, paperMargin + 430}
	p.y += 12
	p.row(paperGrey, columns, 1, []string{"#", p.say("驻点", "Post"), p.say("力量", "Units"), p.say("负责需求", "Demand"), p.say("平均分钟", "Mean min"), p.say("经纬度", "Lon, lat")})
	for _, x := range p.plan.Answer.Plan.Posts {
		name := x.Name
		if x.Fixed {
			name += p.say("(固定)", " (fixed)")
		}
		mean := "–"
		if x.Demand > 0 {
			mean = fmt.Sprintf("%.1f", x.MeanS/60)
		}
		p.row(paper.Black, columns, 1, []string{fmt.Sprint(x.Number), name, fmt.Sprint(x.Units), fmt.Sprintf("%.1f", x.Demand), mean, fmt.Sprintf("%.5f, %.5f", x.Lon, x.Lat)})
	}
}

// areas lists what each has of the plan, those that lose most first.
func (p *stationingPaper) areas() {
	had := map[string]float64{}
	if p.plan.Answer.Today != nil {
		for _, a := range p.plan.Answer.Today.Areas {
			had[a.Code] = a.Covered
		}
	}
	change := func(a deploy.AreaHas) float64 {
		if before, ok := had[a.Code]; ok {
			return a.Covered - before
		}
		return 0
	}
	all := slices.Clone(p.plan.Answer.Plan.Areas)
	slices.SortStableFunc(all, func(a, b deploy.AreaHas) int {
		return cmp.Or(cmp.Compare(change(a), change(b)), cmp.Compare(b.Demand, a.Demand))
	})
	lose := 0
	for _, a := range all {
		if change(a) < -0.0005 {
			lose++
		}
	}
	p.y += 8
	if p.plan.Answer.Today != nil {
		p.text(10, paper.Black, p.say("与现状相比,%d 个区域中有 %d 个达标占比下降,列在最前。", "Against today, of %d areas %d have less of their demand within the standard; they come first.", len(all), lose))
	}
	columns := []float64{paperMargin, paperMargin + 210, paperMargin + 275, paperMargin + 345, paperMargin + 405, paperMargin + 460}
	p.y += 6
	p.row(paperGrey, columns, 0, []string{p.say("区域", "Area"), p.say("需求", "Demand"), p.say("方案达标", "Plan"), p.say("现状", "Today"), p.say("变化", "Change"), p.say("平均分钟", "Mean min")})
	for _, a := range all[:min(paperRows, len(all))] {
		ink, before, by := paper.Black, "–", "–"
		if v, ok := had[a.Code]; ok {
			before, by = fmt.Sprintf("%.1f%%", 100*v), fmt.Sprintf("%+.1f", 100*change(a))
		}
		if change(a) < -0.0005 {
			ink = losesInk
		}
		p.row(ink, columns, 0, []string{said(p.lang, a.NameZH, a.NameEN), fmt.Sprintf("%.1f", a.Demand), fmt.Sprintf("%.1f%%", 100*a.Covered), before, by, fmt.Sprintf("%.1f", a.MeanS/60)})
	}
	if n := len(all) - paperRows; n > 0 {
		p.text(8, paperGrey, p.say("另有 %d 个区域,见导出的表格。", "%d more areas are in the exported table.", n))
	}
}
