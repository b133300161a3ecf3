// Package paper writes PDF pages (ISO 32000-1) with Chinese and Latin text,
// lines and areas: for plans that are printed and taken along.
//
// It embeds no font. Latin text is Helvetica, all else STSong-Light of the
// Adobe-GB1 collection, which PDF readers bring or replace (ISO 32000-1,
// 9.7.5.2). Lengths are points of 1/72 inch; the origin of a page is its upper
// left corner, y grows downwards, as one reads.
package paper

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// A4, upright.
const (
	Width  = 595.28
	Height = 841.89
)

// A Doc is pages. Its zero value is empty and ready.
type Doc struct {
	Title string
	pages []*Page
}

// A Page is drawn on from back to front.
type Page struct{ b bytes.Buffer }

// Page adds a page.
func (d *Doc) Page() *Page {
	p := &Page{}
	d.pages = append(d.pages, p)
	return p
}

// Pages is how many there are.
func (d *Doc) Pages() int { return len(d.pages) }

// A Colour has red, green and blue from 0 to 1.
type Colour [3]float64

// Black is the colour of text.
var Black = Colour{}

// Text writes a line whose baseline begins at x, y. What a font lacks is left to the reader.
func (p *Page) Text(x, y, size float64, c Colour, text string) {
	fmt.Fprintf(&p.b, "BT %s rg 1 0 0 1 %.2f %.2f Tm\n", c, x, Height-y)
	for _, r := range runs(text) {
		if r.latin {
			fmt.Fprintf(&p.b, "/F1 %.2f Tf (%s) Tj\n", size, winAnsi(r.text))
		} else {
			fmt.Fprintf(&p.b, "/F2 %.2f Tf <%s> Tj\n", size, hex16(r.text))
		}
	}
	p.b.WriteString("ET\n")
}

// Line draws a line through points.
func (p *Page) Line(width float64, c Colour, points ...[2]float64) {
	p.path(points)
	fmt.Fprintf(&p.b, "%s RG %.2f w S\n", c, width)
}

// Area fills rings by the even-odd rule.
func (p *Page) Area(c Colour, rings ...[][2]float64) {
	for _, r := range rings {
		p.path(r)
		p.b.WriteString("h ")
	}
	fmt.Fprintf(&p.b, "%s rg f*\n", c)
}

func (p *Page) path(points [][2]float64) {
	for i, q := range points {
		op := "l"
		if i == 0 {
			op = "m"
		}
		fmt.Fprintf(&p.b, "%.2f %.2f %s ", q[0], Height-q[1], op)
	}
}

func (c Colour) String() string { return fmt.Sprintf("%.3f %.3f %.3f", c[0], c[1], c[2]) }

// Measure is the width of a line of text.
func Measure(size float64, text string) float64 {
	var w float64
	for _, r := range text {
		w += advance(r)
	}
	return w * size / 1000
}

func advance(r rune) float64 {
	if r >= 32 && r < 127 {
		return helvetica[r-32]
	}
	if m, ok := marks[r]; ok {
		return m.width
	}
	return 1000
}

// A mark is a character of Helvetica beyond ASCII.
type mark struct {
	code  byte // in WinAnsiEncoding
	width float64
}

// marks are those that plans use and that the Chinese font has not, or only as
// wide as a Chinese character.
var marks = map[rune]mark{'·': {0xB7, 278}, '–': {0x96, 556}, '×': {0xD7, 584}, '±': {0xB1, 584}, '°': {0xB0, 400}, '²': {0xB2, 333}}

func latin(r rune) bool {
	_, ok := marks[r]
	return ok || r >= 32 && r < 127
}

// winAnsi is a Latin text as a PDF string has it.
func winAnsi(text string) string {
	var b strings.Builder
	for _, r := range text {
		if m, ok := marks[r]; ok {
			fmt.Fprintf(&b, `\%03o`, m.code)
		} else {
			b.WriteString(latinEscape.Replace(string(r)))
		}
	}
	return b.String()
}

// closing are the marks that no line begins with.
const closing = ",.;:)%，。；：、）》」！？"

// Wrap breaks a text into lines no wider than width: Latin words stay whole
// where they fit, Chinese may break anywhere but before a mark of punctuation.
func Wrap(size, width float64, text string) []string {
	var lines []string
	var line strings.Builder
	var used float64
	for _, piece := range pieces(text) {
		w := Measure(size, piece)
		if used > 0 && used+w > width && strings.Trim(piece, closing) != "" {
			lines = append(lines, strings.TrimRight(line.String(), " "))
			line.Reset()
			used = 0
			piece = strings.TrimLeft(piece, " ")
			w = Measure(size, piece)
		}
		line.WriteString(piece)
		used += w
	}
	if line.Len() > 0 {
		lines = append(lines, line.String())
	}
	return lines
}

// pieces are Latin words, each with the space before it, and single other characters.
func pieces(text string) []string {
	var out []string
	begin := -1
	for i, r := range text {
		latin := r >= 32 && r < 127
		if begin >= 0 && (!latin || r == ' ') {
			out = append(out, text[begin:i])
			begin = -1
		}
		switch {
		case latin && begin < 0:
			begin = i
		case !latin:
			out = append(out, string(r))
		}
	}
	if begin >= 0 {
		out = append(out, text[begin:])
	}
	return out
}

type run struct {
	latin bool
	text  string
}

func runs(text string) []run {
	var out []run
	for _, r := range text {
		if len(out) == 0 || out[len(out)-1].latin != latin(r) {
			out = append(out, run{latin: latin(r)})
		}
		out[len(out)-1].text += string(r)
	}
	return out
}

var latinEscape = strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`)

func hex16(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// WriteTo writes the document.
func (d *Doc) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	var offsets []int
	object := func(n int, body string, args ...any) {
		for len(offsets) < n {
			offsets = append(offsets, 0)
		}
		offsets[n-1] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n", n)
		fmt.Fprintf(&b, body, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n%\xe4\xb8\xad\xe6\n")
	const first = 7 // of the pages
	var kids strings.Builder
	for i := range d.pages {
		fmt.Fprintf(&kids, "%d 0 R ", first+2*i)
	}
	object(1, "<< /Type /Catalog /Pages 2 0 R >>")
	object(2, "<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(d.pages))
	object(3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	object(4, "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UCS2-H /Encoding /UniGB-UCS2-H /DescendantFonts [5 0 R] >>")
	object(5, "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000 /FontDescriptor "+
		"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >> >>")
	object(6, "<< /Title <FEFF%s> /Producer (onemap) >>", hex16(d.Title))
	for i, p := range d.pages {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		if _, err := z.Write(p.b.Bytes()); err != nil {
			return 0, err
		}
		if err := z.Close(); err != nil {
			return 0, err
		}
		object(first+2*i, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>", Width, Height, first+2*i+1)
		object(first+2*i+1, "<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.String())
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, xref)
	return b.WriteTo(w)
}

// helvetica are the widths of the characters 32 to 126, in thousandths (Adobe's
// core font metrics).
var helvetica = [95]float64{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}
