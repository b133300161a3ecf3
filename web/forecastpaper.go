package web

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast"
	"onemap/web/paper"
)

// A forecastPaper is a run to take along: what is forecast, how far it can be
// trusted, a map of the hot cells, and their list.
type forecastPaper struct {
	writing
	run     forecast.Run
	cells   []forecast.Cell
	outline orb.MultiPolygon // of the city; may be empty
	zone    *time.Location
}

const (
	paperMap  = 330.0 // height of the map
	paperRows = 60    // cells that are listed
)

var paperLine = paper.Colour{0.75, 0.75, 0.75}

func (p *forecastPaper) draw() {
	r := p.run
	p.doc.Title = runTitle(r, p.lang)
	p.turn()
	p.text(16, paper.Black, p.doc.Title)
	p.text(10, paper.Black, p.say("%s 至 %s", "%s to %s", p.time(r.From), p.time(r.To))+p.say(";预计 %.1f 起(%.0f–%.0f)", "; %.1f incidents expected (%.0f to %.0f)", r.Expected, r.Low, r.High))
	p.text(9, paperGrey, p.say("数据截至 %s;预测号 %d;模型 %s;编号 %.16s", "Data up to %s; forecast %d; model %s; record %.16s", p.time(r.Until), r.ID, r.Model, r.Hash))
	p.text(10, paper.Black, said(p.lang, r.Summary.Verdict.ZH, r.Summary.Verdict.EN))
	for _, n := range r.Summary.Notes {
		p.text(9, paperGrey, said(p.lang, n.ZH, n.EN))
	}
	p.chart()
	p.table()
	p.text(8, paperGrey, p.say("预测只说明地点,不涉及任何个人。是否据此部署,由负责人员决定。", "A forecast is of places, never of people. Whether to deploy by it is decided by those in charge."))
}

// runTitle is what a run is called: as whoever ordered it did; in English the
// name that is made of its classes where nobody named it is made anew.
func runTitle(r forecast.Run, lang string) string {
	if lang != "en" || len(r.Classes) == 0 || !strings.HasPrefix(r.Title, r.Classes[0].NameZH) {
		return r.Title
	}
	var names []string
	for _, c := range r.Classes {
		names = append(names, cmp.Or(c.NameEN, c.NameZH))
	}
	if more := len(names) - 3; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), more)
	}
	return strings.Join(names, ", ")
}

func (p *forecastPaper) time(t time.Time) string { return t.In(p.zone).Format("2006-01-02 15:04") }

// chart draws the city's outline and the hot cells, the densest darkest, with
// the ranks of the first.
func (p *forecastPaper) chart() {
	var b orb.Bound
	switch {
	case len(p.outline) > 0:
		b = p.outline.Bound()
	case len(p.cells) > 0:
		b = p.cells[0].Geometry.Bound()
		for _, c := range p.cells {
			b = b.Union(c.Geometry.Bound())
		}
	default:
		return
	}
	p.room(paperMap + 20)
	p.y += 10
	cos := math.Cos(b.Center()[1] * math.Pi / 180)
	w, h := paper.Width-2*paperMargin, paperMap
	scale := min(w/((b.Max[0]-b.Min[0])*cos), h/(b.Max[1]-b.Min[1])) // points a degree of latitude
	left := paperMargin + (w-(b.Max[0]-b.Min[0])*cos*scale)/2
	at := func(q orb.Point) [2]float64 {
		return [2]float64{left + (q[0]-b.Min[0])*cos*scale, p.y + (b.Max[1]-q[1])*scale}
	}
	ring := func(r orb.Ring) [][2]float64 {
		out := make([][2]float64, len(r))
		for i, q := range r {
			out[i] = at(q)
		}
		return out
	}
	for i := len(p.cells) - 1; i >= 0; i-- { // the densest on top
		t := float64(i) / math.Max(1, float64(len(p.cells)))
		for _, poly := range p.cells[i].Geometry {
			p.page.Area(paper.Colour{0.70 + 0.28*t, 0.05 + 0.75*t, 0.10 + 0.60*t}, ring(poly[0]))
		}
	}
	for _, poly := range p.outline {
		for _, r := range poly {
			p.page.Line(0.6, paperGrey, ring(r)...)
		}
	}
	for i, c := range p.cells[:min(20, len(p.cells))] {
		q := at(c.Centre)
		p.page.Text(q[0]+3, q[1]-3, 7, paper.Black, fmt.Sprint(i+1))
	}
	p.scaleBar(scale)
	p.y += (b.Max[1]-b.Min[1])*scale + 6
}

// scaleBar shows a round length.
func (p *forecastPaper) scaleBar(pointsADegree float64) {
	perKM := pointsADegree / 111.2
	km := math.Pow(10, math.Floor(math.Log10(120/perKM)))
	for _, f := range []float64{5, 2} {
		if f*km*perKM <= 120 {
			km *= f
			break
		}
	}
	y := p.y + 4
	p.page.Line(1.2, paper.Black, [2]float64{paperMargin, y}, [2]float64{paperMargin + km*perKM, y})
	p.page.Text(paperMargin, y+10, 7, paper.Black, fmt.Sprintf("%g km", km))
}

// table lists the first cells.
func (p *forecastPaper) table() {
	columns := []float64{paperMargin, paperMargin + 26, paperMargin + 150, paperMargin + 195, paperMargin + 240}
	head := []string{"#", p.say("网格", "Grid"), p.say("预计", "Expected"), p.say("区间", "Interval"), p.say("成因", "Drivers")}
	p.y += 14
	row := func(size float64, c paper.Colour, cells []string) {
		lines := paper.Wrap(size, paper.Width-paperMargin-columns[4], cells[4])
		p.room(float64(len(lines)) * size * 1.45)
		for i, text := range cells[:4] {
			p.page.Text(columns[i], p.y+size, size, c, text)
		}
		for i, line := range lines {
			p.page.Text(columns[4], p.y+size+float64(i)*size*1.45, size, c, line)
		}
		p.y += max(1, float64(len(lines)))*size*1.45 + 1
		p.page.Line(0.3, paperLine, [2]float64{paperMargin, p.y}, [2]float64{paper.Width - paperMargin, p.y})
	}
	row(8, paperGrey, head)
	for _, c := range p.cells[:min(paperRows, len(p.cells))] {
		row(8, paper.Black, []string{fmt.Sprint(c.Rank), c.GridCode, fmt.Sprintf("%.2f", c.Expected), fmt.Sprintf("%d-%d", c.Low, c.High), said(p.lang, c.Why.ZH, c.Why.EN)})
	}
	if n := len(p.cells) - paperRows; n > 0 {
		p.text(8, paperGrey, p.say("另有 %d 个热点,见导出的表格。", "%d more hot cells are in the exported table.", n))
	}
}
