package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/layers"
)

// Limits of a table: what is larger is no catalogue.
const (
	maxRows    = 400_000
	maxColumns = 100
	maxUnzip   = 256 << 20
)

// ReadXLSX reads the first sheet of a workbook as rows of texts, with merged
// cells filled in. Formulas are not computed: a cell has the value that was
// saved with it. What is no workbook, or one that is larger than any catalogue,
// is a [layers.InputError].
func ReadXLSX(content []byte) ([][]string, error) {
	bad := &layers.InputError{Field: "file", Remedy: "a workbook in XLSX, without a password, with the catalogue on its first sheet"}
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: 16 << 20})
	if err != nil {
		return nil, bad
	}
	defer book.Close() // removes what it unpacked to
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, bad
	}
	it, err := book.Rows(sheets[0])
	if err != nil {
		return nil, bad
	}
	defer it.Close()
	var rows [][]string
	for it.Next() {
		cells, err := it.Columns()
		if err != nil {
			return nil, bad
		}
		if len(cells) > maxColumns {
			cells = cells[:maxColumns]
		}
		if rows = append(rows, cells); len(rows) > maxRows {
			return nil, &layers.InputError{Field: "file", Remedy: "at most 400,000 rows"}
		}
	}
	merged, err := book.GetMergeCells(sheets[0])
	if err != nil {
		return nil, bad
	}
	filled := 0
	for _, m := range merged {
		c0, r0, err0 := excelize.CellNameToCoordinates(m.GetStartAxis())
		c1, r1, err1 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err := errors.Join(err0, err1); err != nil || c0 > maxColumns || r0 > len(rows) {
			continue
		}
		// Ranges do not overlap in an honest sheet, so they fill each cell once.
		if filled += (min(r1, len(rows)) - r0 + 1) * (min(c1, maxColumns) - c0 + 1); filled > len(rows)*maxColumns {
			return nil, bad
		}
		for r := r0; r <= min(r1, len(rows)); r++ {
			for c := c0; c <= min(c1, maxColumns); c++ {
				row := &rows[r-1]
				for len(*row) < c {
					*row = append(*row, "")
				}
				(*row)[c-1] = m.GetCellValue()
			}
		}
	}
	return rows, nil
}

// ReadCSV reads a table in UTF-8 or, where it is not that, in GB18030.
func ReadCSV(content []byte) ([][]string, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(content)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return nil, &layers.InputError{Field: "file", Remedy: "a text in UTF-8 or GB18030"}
		}
		content = decoded
	}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	if first, _, _ := bytes.Cut(content, []byte("\n")); bytes.Count(first, []byte("\t")) > bytes.Count(first, []byte(",")) {
		r.Comma = '\t'
	}
	var rows [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, &layers.InputError{Field: "file", Remedy: "a table with commas or tabs between its cells"}
		}
		if len(row) > maxColumns {
			row = row[:maxColumns]
		}
		if rows = append(rows, row); len(rows) > maxRows {
			return nil, &layers.InputError{Field: "file", Remedy: "at most 400,000 rows"}
		}
	}
}

// ReadFile reads a file of resources: xlsx, csv or jsonld. Times without a zone
// are of zone.
func ReadFile(format string, content []byte, zone *time.Location) ([]Entry, error) {
	var rows [][]string
	var err error
	switch format {
	case "jsonld":
		return ReadDCAT(content)
	case "csv":
		rows, err = ReadCSV(content)
	default:
		rows, err = ReadXLSX(content)
	}
	if err != nil {
		return nil, err
	}
	return ReadSheet(rows, zone)
}
