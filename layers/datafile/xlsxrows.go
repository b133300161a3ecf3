package datafile

import (
	"context"
	"encoding/xml"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rows hands out a worksheet's rows. A formula is not computed: its cell has
// the value that the file keeps of it, or none. A cell merged with those below
// gives them its value.
func (w *workbook) rows(_ context.Context, sheet int, yield func(*Row) error) error {
	s := &w.books[sheet]
	in, err := w.stream(s.file)
	if err != nil {
		return err
	}
	defer in.Close()
	d := tokens(in)
	down := newDown(s.boxes)
	r := cellReader{w: w}
	var row Row
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return unreadable("XML without a document type (<!DOCTYPE …>)")
		case xml.StartElement:
			if t.Name.Local == "row" {
				row.Line++
				row.Values = row.Values[:0]
				r.col = 0
				if at := attribute(t, "r"); at != "" {
					n, err := strconv.Atoi(at)
					if err != nil || n < row.Line || n > maxSheetRows {
						return damaged(io.ErrUnexpectedEOF)
					}
					row.Line = n
				}
			} else if err := r.start(t); err != nil {
				return err
			}
		case xml.CharData:
			r.text(t)
		case xml.EndElement:
			switch t.Name.Local {
			case "c":
				if err := r.end(&row); err != nil {
					return err
				}
			case "row":
				down.fill(&row, w.limits.Columns)
				if err := yield(&row); err != nil {
					return err
				}
			case "sheetData":
				return nil
			default:
				r.ended(t.Name.Local)
			}
		}
	}
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// cellReader gathers one cell.
type cellReader struct {
	w     *workbook
	col   int // from 1
	kind  string
	date  bool
	b     strings.Builder
	in    bool // in <v> or <t>
	quiet int  // in <rPh>
	cell  bool
}

func (r *cellReader) start(t xml.StartElement) error {
	switch t.Name.Local {
	case "c":
		r.b.Reset()
		r.cell, r.in = true, false
		r.kind = attribute(t, "t")
		r.date = false
		if f, err := strconv.Atoi(attribute(t, "s")); err == nil && f >= 0 && f < len(r.w.dates) {
			r.date = r.w.dates[f]
		}
		r.col++
		if at := attribute(t, "r"); at != "" {
			col, _, ok := parseRef(at)
			if !ok || col < r.col {
				return damaged(io.ErrUnexpectedEOF)
			}
			r.col = col
		}
	case "v", "t":
		r.in = r.cell && r.quiet == 0
	case "rPh":
		r.quiet++
	}
	return nil
}

func (r *cellReader) ended(name string) {
	switch name {
	case "v", "t":
		r.in = false
	case "rPh":
		r.quiet--
	}
}

func (r *cellReader) text(t xml.CharData) {
	if r.in && r.b.Len() <= r.w.limits.Cell {
		r.b.Write(t)
	}
}

// end puts the cell into the row.
func (r *cellReader) end(row *Row) error {
	r.cell, r.in = false, false
	v := r.value(r.b.String())
	if len(v) > r.w.limits.Cell {
		return tooMuch("bytes in a cell", int64(r.w.limits.Cell))
	}
	if v == "" {
		return nil
	}
	if r.col > r.w.limits.Columns {
		return tooMuch("columns", int64(r.w.limits.Columns))
	}
	for len(row.Values) < r.col {
		row.Values = append(row.Values, "")
	}
	row.Values[r.col-1] = v
	return nil
}

func (r *cellReader) value(v string) string {
	switch r.kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil || i < 0 || i >= len(r.w.texts) {
			return ""
		}
		return clean(r.w.texts[i])
	case "inlineStr", "str":
		return clean(v)
	case "b":
		return map[string]string{"1": "true", "0": "false"}[strings.TrimSpace(v)]
	case "e": // #REF!, #N/A
		return ""
	case "d":
		return clean(v)
	}
	v = strings.TrimSpace(v)
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return clean(v)
	}
	if r.date {
		if s, ok := r.w.from.date(f); ok {
			return s
		}
	}
	if math.Abs(f) >= 1e21 {
		return v
	}
	// Excel keeps 15 digits: 120.07450000000001 is what it writes for 120.0745.
	if short := strconv.FormatFloat(f, 'g', 15, 64); math.Abs(f) < 1e15 {
		if g, err := strconv.ParseFloat(short, 64); err == nil {
			f = g
		}
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// clean is a cell's text without blanks around it and without the line breaks
// that Excel writes as _x000D_.
func clean(s string) string {
	if strings.Contains(s, "_x000D_") {
		s = strings.ReplaceAll(s, "_x000D_", "")
	}
	return strings.TrimSpace(strings.ReplaceAll(s, "\u00a0", " "))
}

// An epoch is the day 0 of a workbook's dates.
type epoch struct {
	day0   time.Time
	excess bool // 1900 counts a 29 February that was none
}

var (
	epoch1900 = epoch{time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC), true}
	epoch1904 = epoch{time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC), false}
)

// date writes a serial number as a date, a time of day or both; false where it
// is none that Excel shows.
func (e epoch) date(n float64) (string, bool) {
	if n < 0 || n >= 2958466 { // 10000-01-01
		return "", false
	}
	days := math.Floor(n)
	seconds := math.Round((n - days) * 86400)
	if days == 0 && n > 0 {
		return e.day0.Add(time.Duration(seconds) * time.Second).Format("15:04:05"), true
	}
	if e.excess && days >= 60 {
		days--
	}
	at := e.day0.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)
	if seconds == 0 {
		return at.Format("2006-01-02"), true
	}
	return at.Format("2006-01-02 15:04:05"), true
}

// formats finds which cell formats show numbers as dates.
func (w *workbook) formats() error {
	if part(w.entries, "xl/styles.xml") == nil {
		return nil
	}
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.read("xl/styles.xml", &styles); err != nil {
		return err
	}
	own := map[int]bool{}
	for _, f := range styles.Formats {
		own[f.ID] = showsDates(f.Code)
	}
	for _, c := range styles.Cells {
		is, ok := own[c.Format]
		if !ok { // 14 to 22 and 45 to 47 everywhere, 27 to 36 and 50 to 58 in Chinese Excel
			n := c.Format
			is = n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58
		}
		w.dates = append(w.dates, is)
	}
	return nil
}

// showsDates says whether a format such as yyyy"年"m"月"d"日" is of a date.
func showsDates(code string) bool {
	code, _, _ = strings.Cut(code, ";")
	quoted, bracket, escaped := false, false, false
	for _, c := range strings.ToLower(code) {
		switch {
		case escaped:
			escaped = false
		case c == '\\' || c == '_' || c == '*':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == 'y' || c == 'd' || c == 'h' || c == 's' || c == 'm':
			return true
		}
	}
	return false
}

// down carries the value of a merged cell to the rows below it.
type down struct {
	boxes []box // that have more than one row, by their first
	next  int
	open  []carried
}

type carried struct {
	box
	value string
}

func newDown(all []box) *down {
	d := &down{}
	for _, b := range all {
		if b.lastRow > b.row {
			d.boxes = append(d.boxes, b)
		}
	}
	slices.SortFunc(d.boxes, func(a, b box) int { return a.row - b.row })
	return d
}

// maxOpen is how many merged cells may stand side by side.
const maxOpen = 2000

func (d *down) fill(row *Row, columns int) {
	for d.next < len(d.boxes) && d.boxes[d.next].row <= row.Line {
		b := d.boxes[d.next]
		d.next++
		if b.row == row.Line && b.col <= len(row.Values) && b.col <= columns && len(d.open) < maxOpen {
			d.open = append(d.open, carried{b, row.Values[b.col-1]})
		}
	}
	d.open = slices.DeleteFunc(d.open, func(c carried) bool { return c.lastRow < row.Line })
	for _, c := range d.open {
		if c.value == "" || c.row == row.Line {
			continue
		}
		for len(row.Values) < c.col {
			row.Values = append(row.Values, "")
		}
		if row.Values[c.col-1] == "" {
			row.Values[c.col-1] = c.value
		}
	}
}
