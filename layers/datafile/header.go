package datafile

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"onemap/layers"
)

// headRows is how many rows are looked at to find a header.
const headRows = 40

var errNoHeader = &layers.InputError{Field: "sheet", Remedy: "a sheet with a row of column names, and rows below it"}

// withHeader reads a sheet's header: where h says, or where it seems to stand.
//
// Above a header stand titles ("XX区消防设施登记表", "填报单位：…"): rows of few
// texts. A header has several rows where cells are merged: 坐标 over X and Y
// becomes 坐标/X and 坐标/Y.
func (f *File) withHeader(ctx context.Context, g grid, sheet int, h Header) (Sheet, error) {
	s := f.sheets[sheet]
	s.Notes = append([]Note{}, s.Notes...)
	var first [][]string
	var lines []int
	err := g.rows(ctx, sheet, func(r *Row) error {
		for len(lines) > 0 && lines[len(lines)-1] < r.Line-1 && len(first) < headRows { // rows that the file leaves out
			first, lines = append(first, nil), append(lines, lines[len(lines)-1]+1)
		}
		first, lines = append(first, append([]string{}, r.Values...)), append(lines, r.Line)
		if len(first) >= headRows+5 && r.Line >= h.Line+6 {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return s, err
	}
	at := -1
	if h.Line > 0 {
		for i, line := range lines {
			if line == h.Line {
				at = i
			}
		}
		if at < 0 || h.Rows < 0 || h.Rows > 5 {
			return s, &layers.InputError{Field: "header", Value: strconv.Itoa(h.Line), Remedy: "a row of the sheet, and 1 to 5 rows"}
		}
	} else if at = findHeader(first); at < 0 {
		return s, errNoHeader
	}
	boxes := g.merged(sheet, lines[at]+5)
	rows := h.Rows
	if rows == 0 {
		rows = headerRows(first, lines, at, boxes)
	}
	rows = min(rows, len(first)-at)
	s.HeaderLine, s.HeaderRows = lines[at], rows
	for _, r := range first[:at] {
		if t := strings.Join(filled(r), " "); t != "" {
			s.Titles = append(s.Titles, layers.Short(t))
		}
	}
	s.Columns = columnNames(first[at:at+rows], lines[at], boxes)
	if rows > 1 {
		s.Notes = append(s.Notes, Note{Code: "merged", N: int64(rows)})
	}
	if len(s.Columns) == 0 {
		return s, errNoHeader
	}
	return s, nil
}

// findHeader returns the index of the row that looks most like a header: as wide
// as the rows below it, of texts that differ from each other.
func findHeader(rows [][]string) int {
	width := 0 // of most rows
	counts := map[int]int{}
	for _, r := range rows {
		if n := len(filled(r)); n > 0 {
			counts[n]++
		}
	}
	for n, c := range counts {
		if c > counts[width] || c == counts[width] && n > width {
			width = n
		}
	}
	best := -1
	for i, r := range rows {
		all := filled(r)
		n := len(all)
		if n == 0 {
			continue
		}
		if n*10 < width*6 || n < 2 && width > 1 {
			continue // a title
		}
		words := 0
		for _, v := range all {
			if !isValue(v) {
				words++
			}
		}
		if words*10 >= n*8 {
			best = i
			break
		}
		if n*10 >= width*9 {
			break // values begin: there is no header
		}
	}
	return best
}

// headerRows is how many rows a header has.
func headerRows(rows [][]string, lines []int, at int, boxes []box) int {
	n := 1
	for _, b := range boxes {
		if b.row == lines[at] && b.lastRow > b.row {
			n = max(n, min(b.lastRow-b.row+1, 4))
		}
		// Merged across: what it spans stands below.
		if b.row >= lines[at] && b.row < lines[at]+n && b.lastCol > b.col {
			n = max(n, min(b.row-lines[at]+2, 4))
		}
	}
	if n == 1 && at+1 < len(rows) && len(boxes) == 0 { // saved as CSV: gaps that the next row fills with words
		gaps, filled, others := 0, 0, 0
		for i := range rows[at+1] {
			v := rows[at+1][i]
			switch gap := i >= len(rows[at]) || rows[at][i] == ""; {
			case gap && v != "" && !isValue(v):
				gaps++
				filled++
			case gap && v != "":
				gaps++
			case v != "" && !gap && (i+1 >= len(rows[at]) || rows[at][i+1] != "") && isValue(v):
				others++
			}
		}
		if gaps > 0 && filled == gaps && others == 0 && words(rows[at+1]) {
			n = 2
		}
	}
	for n > 1 && (at+n > len(rows) || !words(rows[at+n-1])) {
		n--
	}
	return n
}

// words says whether a row has no values.
func words(r []string) bool {
	for _, v := range r {
		if v != "" && isValue(v) {
			return false
		}
	}
	return true
}

// columnNames makes each column's name of the header's rows.
func columnNames(rows [][]string, line int, boxes []box) []string {
	width := 0
	for _, r := range rows {
		width = max(width, len(trimmed(r)))
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = make([]string, width)
		copy(cells[i], r)
		if i < len(rows)-1 && len(boxes) == 0 { // gaps of a CSV: the name to the left spans them, if the row below has words
			for c := 1; c < width; c++ {
				if cells[i][c] == "" && i+1 < len(rows) && c < len(rows[i+1]) && rows[i+1][c] != "" {
					cells[i][c] = cells[i][c-1]
				}
			}
		}
	}
	for _, b := range boxes {
		for i := range rows {
			if at := line + i; at < b.row || at > b.lastRow || b.row < line || b.col > width {
				continue
			}
			for c := b.col; c <= min(b.lastCol, width); c++ {
				cells[i][c-1] = cells[b.row-line][b.col-1]
			}
		}
	}
	used := map[string]int{}
	out := make([]string, width)
	for c := range width {
		var parts []string
		for i := range rows {
			v := strings.Join(strings.Fields(cells[i][c]), " ")
			if v != "" && (len(parts) == 0 || parts[len(parts)-1] != v) {
				parts = append(parts, v)
			}
		}
		out[c] = unique(shortName(strings.Join(parts, "/"), c), used)
	}
	return out
}

// unique makes a name the only one of its kind, and never an empty one.
func unique(name string, used map[string]int) string {
	used[name]++
	if n := used[name]; n > 1 {
		for ; ; n++ {
			other := fmt.Sprintf("%s (%d)", name, n)
			if used[other] == 0 {
				used[other]++
				return other
			}
		}
	}
	return name
}

// shortName cuts a column's name, and calls one without by its letter.
func shortName(name string, c int) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80])
	}
	if name != "" {
		return name
	}
	letters := ""
	for c++; c > 0; c = (c - 1) / 26 {
		letters = string(rune('A'+(c-1)%26)) + letters
	}
	return "列" + letters
}

// isValue says whether a text is a value rather than a name: a number, a date, a code of digits.
func isValue(v string) bool {
	digits, letters := 0, 0
	for _, r := range v {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits > 0 && (letters == 0 || digits > 2*letters || digits >= 6)
}

// filled are the values of a row. Of merged cells the first has one.
func filled(r []string) []string {
	var out []string
	for _, v := range r {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
