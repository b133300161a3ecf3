package web

import (
	"fmt"

	"onemap/web/paper"
)

const paperMargin = 40.0

var paperGrey = paper.Colour{0.45, 0.45, 0.45}

// writing is a PDF that is written from the top of its first page down: what the
// papers of forecasts, plans and lists share.
type writing struct {
	lang string

	doc  paper.Doc
	page *paper.Page
	y    float64 // how far down the page it has come
}

func (p *writing) say(zh, en string, args ...any) string {
	return fmt.Sprintf(said(p.lang, zh, en), args...)
}

// turn begins a page.
func (p *writing) turn() {
	p.page, p.y = p.doc.Page(), paperMargin
	p.page.Text(paper.Width-paperMargin-20, paper.Height-20, 8, paperGrey, fmt.Sprint(p.doc.Pages()))
}

// room begins a page where less than h points are left on this one.
func (p *writing) room(h float64) {
	if p.y+h > paper.Height-paperMargin {
		p.turn()
	}
}

// text writes as many lines as it takes.
func (p *writing) text(size float64, c paper.Colour, text string) {
	for _, line := range paper.Wrap(size, paper.Width-2*paperMargin, text) {
		p.room(size * 1.5)
		p.y += size * 1.5
		p.page.Text(paperMargin, p.y, size, c, line)
	}
}
