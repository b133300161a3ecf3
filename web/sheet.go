package web

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// Tables for Excel. A text that begins like a formula gets a quote before it,
// in CSV and in XLSX alike (CWE-1236): a sheet is often saved as CSV again.

var sheetTypes = map[string]string{
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"csv":  "text/csv; charset=utf-8",
}

// A sheet is one table: a title, which is a name of at most 31 characters in
// XLSX, and rows. Cells are nil, string, int, int64, float64, bool or time.Time.
type sheet struct {
	title string
	head  []string
	rows  iter.Seq2[[]any, error]
	zone  *time.Location // of times; nil: UTC
	main  bool           // the one that CSV has, which holds one table
}

// sheetChoice reads the parameters format and lang.
func sheetChoice(q url.Values) (format, lang string, err error) {
	if format, err = choice(q, "format", "json", "json", "xlsx", "csv"); err != nil {
		return "", "", err
	}
	lang, err = choice(q, "lang", "zh", "zh", "en")
	return format, lang, err
}

// sendSheet writes tables as one file. What fails on its way is cut off, so
// that a half file is not taken for a whole one.
func (s *Server) sendSheet(w http.ResponseWriter, r *http.Request, format, name string, sheets []sheet) error {
	done, err := s.exportTurn(r.Context())
	if err != nil {
		return err
	}
	defer done()
	h := w.Header()
	h.Set("Content-Type", sheetTypes[format])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	to := &heldWriter{Writer: patientWriter{w, http.NewResponseController(w)}, held: s.heldPerson(r)}
	if format == "xlsx" {
		err = writeXLSX(to, sheets)
	} else {
		err = writeCSV(to, sheets)
	}
	if err != nil {
		stateOf(r.Context()).err = err
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeCSV writes the main table, in UTF-8 with the mark by which Excel knows it.
func writeCSV(w io.Writer, sheets []sheet) error {
	out := csv.NewWriter(w)
	for _, t := range sheets {
		if !t.main && len(sheets) > 1 {
			continue
		}
		head := append([]string{}, t.head...)
		head[0] = "\ufeff" + head[0]
		if err := out.Write(head); err != nil {
			return err
		}
		for row, err := range t.rows {
			if err != nil {
				return err
			}
			cells := make([]string, len(row))
			for i, v := range row {
				if at, ok := v.(time.Time); ok {
					v = t.time(at)
				}
				cells[i] = csvCell(v)
			}
			if err := out.Write(cells); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func (t sheet) time(at time.Time) string {
	zone := t.zone
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("2006-01-02 15:04:05")
}

// writeXLSX writes a workbook. Rows go to a temporary file as they come, so
// that a million of them need no memory.
func writeXLSX(w io.Writer, sheets []sheet) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	for i, t := range sheets {
		title := sheetTitle(t.title)
		if i == 0 {
			err = book.SetSheetName("Sheet1", title)
		} else {
			_, err = book.NewSheet(title)
		}
		if err != nil {
			return err
		}
		out, err := book.NewStreamWriter(title)
		if err != nil {
			return err
		}
		if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
			return err
		}
		head := make([]any, len(t.head))
		for c, h := range t.head {
			head[c] = excelize.Cell{StyleID: bold, Value: h}
		}
		if err := out.SetRow("A1", head); err != nil {
			return err
		}
		line := 1
		for row, err := range t.rows {
			if err != nil {
				return err
			}
			line++
			cells := make([]any, len(row))
			for c, v := range row {
				cells[c] = t.cell(v)
			}
			at, err := excelize.CoordinatesToCellName(1, line)
			if err != nil {
				return err
			}
			if err := out.SetRow(at, cells); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	_, err = book.WriteTo(w)
	return err
}

// cell is a value as XLSX gets it: times as text in the city's zone, which no
// Excel turns around, and texts without control characters, which XML has no way to say.
func (t sheet) cell(v any) any {
	switch v := v.(type) {
	case time.Time:
		return t.time(v)
	case string:
		return csvCell(strings.Map(func(r rune) rune {
			if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
				return -1
			}
			return r
		}, v))
	}
	return v
}

// sheetTitle is a name that Excel takes for a sheet.
func sheetTitle(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return '-'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 31 {
		s = string(r[:31])
	}
	if s == "" {
		return "onemap"
	}
	return s
}
