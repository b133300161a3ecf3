package catalog

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"onemap/layers"
)

// ReadSheet reads the customary table: a heading of one row or two (merged
// cells filled in) among the first fifteen, then a row an item. Where a
// resource's cells are empty they are as in the row above: as of merged cells.
// zone is that of times without one. What is wrong with a resource is in its
// entry; a table without the columns that it needs is a [layers.InputError].
func ReadSheet(rows [][]string, zone *time.Location) ([]Entry, error) {
	at, head := findHead(rows)
	for _, need := range []column{colName, colItem} {
		if !head.has(need) {
			return nil, &layers.InputError{Field: "file", Remedy: "a table with the columns " + titles[colName].zh + " and " + titles[colItem].zh + ": export one to see how it looks"}
		}
	}
	var out []Entry
	var last Draft
	for i, row := range rows[at:] {
		cell := func(c column) string {
			for col, is := range head {
				if is == c && col < len(row) && strings.TrimSpace(row[col]) != "" {
					return layers.Bare(strings.TrimSpace(row[col]))
				}
			}
			return ""
		}
		name, code, item := cell(colName), cell(colCode), cell(colItem)
		if name == "" && code == "" && item == "" {
			continue
		}
		if len(out) == 0 || code != "" && code != last.Code || code == "" && name != "" && name != last.NameZH {
			e := Entry{Line: at + i + 1}
			e.Draft, e.Err = draftOf(cell, zone)
			e.Draft.Code, e.Draft.NameZH = code, name
			e.Provider = []string{cell(colUSCC), cell(colProvider)}
			e.Classes = classesOf(code, []string{cell(colClass1), cell(colClass2), cell(colClass3), cell(colClass4)})
			out = append(out, e)
			last = e.Draft
		}
		if item == "" {
			continue
		}
		e := &out[len(out)-1]
		it, err := itemOf(cell)
		if e.Err == nil {
			e.Err = err
		}
		e.Draft.Items = append(e.Draft.Items, it)
	}
	return out, nil
}

// heading says which column of a file is which.
type heading map[int]column

func (h heading) has(c column) bool {
	for _, is := range h {
		if is == c {
			return true
		}
	}
	return false
}

// findHead finds the heading and the first row below it: one row, or two of
// which the lower one says more.
func findHead(rows [][]string) (int, heading) {
	best, at := heading{}, 0
	for i := range min(15, len(rows)) {
		one := heading{}
		for col, cell := range rows[i] {
			if c, ok := columnOf[label(cell)]; ok {
				one[col] = c
			}
		}
		if len(one) > len(best) {
			best, at = one, i+1
		}
		if i+1 == len(rows) || len(one) == 0 {
			continue
		}
		two := heading{}
		for col := range max(len(rows[i]), len(rows[i+1])) {
			upper, lower := "", ""
			if col < len(rows[i]) {
				upper = label(rows[i][col])
			}
			if col < len(rows[i+1]) {
				lower = label(rows[i+1][col])
			}
			if c, ok := columnOf[lower]; ok {
				two[col] = c
			} else if c, ok := columnOf[upper]; ok && lower == "" {
				two[col] = c
			} else if c, ok := columnOf[upper+lower]; ok {
				two[col] = c
			}
		}
		if len(two) > len(best) {
			best, at = two, i+2
		}
	}
	return at, best
}

// draftOf reads what a row says of its resource.
func draftOf(cell func(column) string, zone *time.Location) (Draft, error) {
	d := Draft{NameEN: cell(colNameEN), Abstract: cell(colAbstract), FormatType: cell(colFormatType), ShareBasis: cell(colBasis), ShareHow: cell(colHow), OpenBasis: cell(colOpenBasis),
		Address: cell(colAddress), AreaCode: cell(colArea)}
	for _, w := range []struct {
		col   column
		words []word
		to    *string
	}{{colFormat, formatWords, &d.Format}, {colShare, shareWords, &d.Share}, {colCycle, cycleWords, &d.UpdateCycle}, {colGrading, gradingWords, &d.Grading}, {colKnown, knownWords, &d.KnownTo}} {
		text := cell(w.col)
		value, ok := mean(w.words, text)
		if text != "" && !ok {
			return d, badCell(w.col, text, w.words)
		}
		*w.to = value
	}
	if text := cell(colOpen); text != "" {
		value, ok := mean(openWords, text)
		if !ok {
			return d, badCell(colOpen, text, openWords)
		}
		d.Open = value == "yes"
	}
	for _, t := range []struct {
		col column
		to  *string
	}{{colPublished, &d.PublishedOn}, {colFrom, &d.PeriodFrom}, {colTo, &d.PeriodTo}} {
		if text := cell(t.col); text != "" {
			at, ok := readDate(text, zone)
			if !ok {
				return d, &layers.InputError{Field: titles[t.col].zh, Value: layers.Short(text), Remedy: "a date: 2026-11-23, 2026/11/23, 2026年11月23日 or 20261123"}
			}
			*t.to = at.Format(time.DateOnly)
		}
	}
	if text := cell(colUpdated); text != "" {
		at, ok := readDate(text, zone)
		if !ok {
			return d, &layers.InputError{Field: titles[colUpdated].zh, Value: layers.Short(text), Remedy: "a date, with or without a time"}
		}
		d.UpdatedAt = &at
	}
	d.Related = strings.FieldsFunc(cell(colRelated), func(r rune) bool { return strings.ContainsRune(",,;;、 \n\t", r) })
	return d, nil
}

func badCell(c column, text string, words []word) error {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.words[0]
	}
	return &layers.InputError{Field: titles[c].zh, Value: layers.Short(text), Remedy: "one of " + strings.Join(all, ", ")}
}

var lengthInType = regexp.MustCompile(`[((]\s*([0-9]{1,9})`)

// itemOf reads what a row says of its item. A length may stand with the type: C(20).
func itemOf(cell func(column) string) (ItemDraft, error) {
	it := ItemDraft{NameZH: cell(colItem), NameEN: cell(colItemEN), Description: cell(colItemNote)}
	if text := cell(colType); text != "" {
		value, ok := mean(typeWords, text)
		if !ok {
			return it, badCell(colType, text, typeWords)
		}
		it.Type = value
		if m := lengthInType.FindStringSubmatch(text); m != nil && value == "text" {
			it.Length, _ = strconv.Atoi(m[1])
		}
	}
	if text := cell(colSensitivity); text != "" {
		value, ok := mean(sensitivityWords, text)
		if !ok {
			return it, badCell(colSensitivity, text, sensitivityWords)
		}
		it.Sensitivity = value
	}
	if text := cell(colLength); text != "" {
		n, err := strconv.ParseFloat(strings.TrimSuffix(text, "位"), 64)
		if err != nil || n < 0 || n > 1e9 {
			if before, _, ok := strings.Cut(text, ","); ok { // 10,2: digits and decimals
				n, err = strconv.ParseFloat(before, 64)
			}
			if err != nil || n < 0 || n > 1e9 {
				return it, &layers.InputError{Field: titles[colLength].zh, Value: layers.Short(text), Remedy: "a number of characters"}
			}
		}
		it.Length = int(n)
	}
	return it, nil
}

// classesOf are the names of a code's classes, as far as the table names them.
func classesOf(code string, names []string) map[string]string {
	class, _, _ := strings.Cut(code, "/")
	out := map[string]string{}
	for i, n := range []int{1, 3, 6, len(class)} {
		if len(class) >= n && names[i] != "" && (i < 3 || n > 6) {
			out[class[:n]] = names[i]
		}
	}
	return out
}

// readDate reads a day, or a day with a time, as tables have them: also as the
// number of days that Excel counts from 1899-12-30.
func readDate(text string, zone *time.Location) (time.Time, bool) {
	text = strings.NewReplacer("年", "-", "月", "-", "日", "", "/", "-", ".", "-").Replace(strings.TrimSpace(text))
	for _, layout := range []string{"2006-1-2", "20060102", "2006-1-2 15:4:5", "2006-1-2 15:4", "2006-1-2T15:4:5", "2006-1", "1-2-06"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, true
		}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	if n, err := strconv.ParseFloat(strings.ReplaceAll(text, "-", "."), 64); err == nil && n > 20000 && n < 80000 { // 1954 to 2119
		return time.Date(1899, 12, 30, 0, 0, 0, 0, zone).AddDate(0, 0, int(n)), true
	}
	return time.Time{}, false
}
