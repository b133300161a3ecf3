// Package datafile reads the files that departments send: CSV, XLSX, Shapefile
// in a zip, GeoPackage, GeoJSON, KML, FlatGeobuf and DXF become rows of texts,
// with a geometry where the file has one.
//
// A file is hostile until shown otherwise. What it is, is told by its content
// and not by its name; nothing in it is a path of ours; what unpacks, nests or
// repeats is counted against [Limits] while it is read; formulas are never
// computed; XML with a document type is refused; and what GDAL reads, it reads
// in a cage (layers/gdal).
//
// It is free of the database. Coordinates are (x, y) as the file has them, in
// whatever system it means: that is judged elsewhere.
package datafile

import (
	"context"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
)

// Limits bound what one file may cost.
type Limits struct {
	Bytes    int64         // of the file
	Unpacked int64         // bytes that come out of it
	Entries  int           // files in an archive
	Sheets   int           // of a workbook, layers of a GeoPackage
	Rows     int64         // of a sheet
	Columns  int           // of a sheet
	Cell     int           // bytes of a value
	Vertices int           // of a feature
	Feature  int           // bytes of a feature as GeoJSON
	Time     time.Duration // of GDAL, for one reading
}

// Default limits: a city's register of a million rows, and no bomb.
var Default = Limits{Bytes: 512 << 20, Unpacked: 2 << 30, Entries: 2000, Sheets: 100, Rows: 5_000_000, Columns: 400, Cell: 128 << 10,
	Vertices: 500_000, Feature: 64 << 20, Time: 10 * time.Minute}

// A Row is one of a sheet's. It and what it holds are good until the next one.
type Row struct {
	Line     int      // of the file, from 1; of formats without lines the feature's number
	Values   []string // in the order of the sheet's columns
	Geometry orb.Geometry
}

// A Sheet is a table in a file: a worksheet, a layer, the file itself.
type Sheet struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns" nullable:"false"` // unique, not empty
	// Where the header stands in files of cells, from 1; 0 where columns have
	// names of their own.
	HeaderLine int      `json:"header_line,omitempty"`
	HeaderRows int      `json:"header_rows,omitempty"`
	Titles     []string `json:"titles,omitempty" nullable:"false"` // what stands above it
	Geometry   bool     `json:"geometry,omitempty"`                // rows have one
	// CRS is what the file says of its coordinates, "EPSG:4549"; "" if nothing, and
	// then CRSName may have a name that has no code.
	CRS     string `json:"crs,omitempty"`
	CRSName string `json:"crs_name,omitempty"`
	Notes   []Note `json:"notes,omitempty" nullable:"false"`
}

// A Note is something people should know of a sheet.
type Note struct {
	Code string `json:"code"` // encoding, formulas, errors, long_numbers, hidden, merged, unpacked
	N    int64  `json:"n,omitempty"`
	Text string `json:"text,omitempty"`
}

// Header says where a sheet's header stands; the zero value lets it be found.
type Header struct {
	Line int // its first row, from 1; 0: found
	Rows int // how many rows it has, 1 to 5
}

// A File is an opened file. Close it.
type File struct {
	Format string // csv, xlsx, shapefile, gpkg, geojson, kml, fgb, dxf

	limits Limits
	sheets []Sheet
	body   body
	notes  []Note
	undo   []func()
}

// body is what each format can do.
type body interface {
	// sheets lists what is in the file.
	sheets(ctx context.Context) ([]Sheet, error)
	// rows hands out all rows of a sheet as they stand, headers too.
	rows(ctx context.Context, sheet int, yield func(*Row) error) error
}

// grid is a body of cells, whose columns' names stand in some row.
type grid interface {
	body
	// merged returns the merged cells of a sheet that begin above a line.
	merged(sheet, above int) []box
}

// Close lets the file go, with whatever it unpacked.
func (f *File) Close() {
	for i := len(f.undo) - 1; i >= 0; i-- {
		f.undo[i]()
	}
	f.undo = nil
}

// Sheets returns what is in the file, at least one.
func (f *File) Sheets() []Sheet { return f.sheets }

// Sheet returns the sheet of that name, the first for "", with its header
// where h says.
func (f *File) Sheet(ctx context.Context, name string, h Header) (Sheet, error) {
	i, err := f.index(name)
	if err != nil {
		return Sheet{}, err
	}
	s := f.sheets[i]
	g, ok := f.body.(grid)
	if !ok || h.Line == 0 || h.Line == s.HeaderLine && (h.Rows == 0 || h.Rows == s.HeaderRows) {
		return s, nil
	}
	return f.withHeader(ctx, g, i, h)
}

func (f *File) index(name string) (int, error) {
	for i := range f.sheets {
		if f.sheets[i].Name == name || name == "" {
			return i, nil
		}
	}
	return 0, &layers.InputError{Field: "sheet", Value: layers.Short(name), Remedy: "one of the file's sheets"}
}

// Read hands out the rows of a sheet that [File.Sheet] returned, in order,
// below its header, without empty ones.
func (f *File) Read(ctx context.Context, s Sheet, yield func(*Row) error) error {
	i, err := f.index(s.Name)
	if err != nil {
		return err
	}
	after, width := 0, len(s.Columns)
	if s.HeaderLine > 0 {
		after = s.HeaderLine + s.HeaderRows - 1
	}
	var n int64
	return f.body.rows(ctx, i, func(r *Row) error {
		if r.Line <= after || empty(r) {
			return nil
		}
		if n++; n > f.limits.Rows {
			return tooMuch("rows", f.limits.Rows)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for len(r.Values) < width {
			r.Values = append(r.Values, "")
		}
		r.Values = r.Values[:width]
		return yield(r)
	})
}

func empty(r *Row) bool {
	if r.Geometry != nil {
		return false
	}
	for _, v := range r.Values {
		if v != "" {
			return false
		}
	}
	return true
}

// tooMuch is what is said of a file that goes beyond a limit.
func tooMuch(of string, most int64) error {
	return &layers.InputError{Field: "file", Remedy: fmt.Sprintf("at most %d %s: split it", most, of)}
}

// unreadable is what is said of a file that is not what it seems.
func unreadable(format string, args ...any) error {
	return &layers.InputError{Field: "file", Remedy: fmt.Sprintf(format, args...)}
}

// errEnough ends a reading that has seen what it came for.
var errEnough = fmt.Errorf("enough")
