package gdal

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"onemap/layers"
)

// A Format is a kind of file that [Write] writes.
type Format struct {
	Driver string // of GDAL
	Ext    string // of its files, without the dot
	Type   string // media type
	many   bool   // a file may hold many layers
}

// Formats by their name.
var Formats = map[string]Format{
	"gpkg": {"GPKG", "gpkg", "application/geopackage+sqlite3", true},
	"fgb":  {"FlatGeobuf", "fgb", "application/flatgeobuf", false},
}

// Options of [Write].
type Options struct {
	Format  string // of Formats
	Path    string // the file: a new one, or one that is there, to which a GeoPackage's layer is added
	EPSG    int    // coordinate system of the file; 0: 4326
	Timeout time.Duration
	Bytes   int64 // the file may have; 0: as many as there is room for
}

// mostFile is how large a file may become that nothing else limits.
const mostFile = 1 << 40

// Write writes features to a file by ogr2ogr, as they come, and returns how
// many. The file's fields have the types that the registry declares; FlatGeobuf
// knows no dates, which become times of 00:00. An empty text becomes NULL. A
// layer of that name in the file gives way. When it fails, a new file is not
// there, and one that was there has the layer in part or not at all.
func Write(ctx context.Context, o Options, q layers.Query, features iter.Seq2[layers.Feature, error]) (n int64, err error) {
	format, ok := Formats[o.Format]
	if !ok {
		return 0, fmt.Errorf("GDAL writes no %q here", o.Format)
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return 0, err
	}
	if o.Bytes == 0 {
		o.Bytes = mostFile
	}
	cage, err := NewCage(ctx, filepath.Dir(path), o.Timeout, o.Bytes, format.Driver, "CSV", "OGR_VRT")
	if err != nil {
		return 0, err
	}
	defer cage.Remove()
	description, err := describe(q, o.Format)
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(cage.Dir, "in.vrt"), description, 0o600); err != nil {
		return 0, fmt.Errorf("write %s: %w", o.Format, err)
	}
	// Written in the cage; a file that is there is taken into it.
	inside := filepath.Join(cage.Dir, "out."+format.Ext)
	args := []string{"-q", "-f", format.Driver, inside, "in.vrt", "-a_srs", "EPSG:4326"}
	if o.EPSG != 0 && o.EPSG != 4326 {
		args = append(args[:len(args)-2], "-s_srs", "EPSG:4326", "-t_srs", fmt.Sprintf("EPSG:%d", o.EPSG))
	}
	if format.many {
		args = append(args, "-preserve_fid", "-lco", "FID=id", "-lco", "IDENTIFIER="+q.Layer.Name+" "+q.Layer.TitleZH, "-lco", "DESCRIPTION="+q.Layer.TitleEN)
		switch err := os.Rename(path, inside); {
		case err == nil:
			args = append(args, "-update", "-overwrite")
			defer func() { err = errors.Join(err, os.Rename(inside, path)) }()
		case !errors.Is(err, os.ErrNotExist):
			return 0, fmt.Errorf("write %s: %w", o.Format, err)
		}
	}
	n, err = pipe(ctx, cage, args, q, features)
	if err != nil || len(args) > 0 && args[len(args)-1] == "-overwrite" {
		return n, err
	}
	if err := os.Rename(inside, path); err != nil {
		return n, fmt.Errorf("write %s: %w", o.Format, err)
	}
	return n, nil
}

// pipe writes the features into ogr2ogr.
func pipe(ctx context.Context, cage *Cage, args []string, q layers.Query, features iter.Seq2[layers.Feature, error]) (n int64, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// A pipe of the system's, which the program reads by itself: nobody waits
	// for a copier when it ends.
	r, w, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("start ogr2ogr: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cage.Run(ctx, r, nil, "ogr2ogr", args...)
		r.Close() // whoever still writes is told
		ended <- err
	}()
	n, err = writeRows(w, q, features)
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		stop() // half a file is no file
		w.Close()
		<-ended // it was stopped: its own words say no more
		return n, err
	}
	w.Close()
	if failed := <-ended; failed != nil {
		return n, failed
	}
	return n, err
}

// fieldTypes are GDAL's names for ours.
var fieldTypes = map[string][2]string{
	"text": {"String"}, "integer": {"Integer64"}, "number": {"Real"}, "boolean": {"Integer", "Boolean"}, "date": {"Date"}, "time": {"DateTime"},
}

type vrtField struct {
	Name    string `xml:"name,attr"`
	Src     string `xml:"src,attr"`
	Type    string `xml:"type,attr"`
	Subtype string `xml:"subtype,attr,omitempty"`
}

// describe tells GDAL what the rows on its standard input are.
func describe(q layers.Query, format string) ([]byte, error) {
	type option struct {
		Key   string `xml:"key,attr"`
		Value string `xml:",chardata"`
	}
	type source struct {
		Relative int    `xml:"relativeToVRT,attr"`
		Name     string `xml:",chardata"`
	}
	type geometry struct {
		Encoding string `xml:"encoding,attr"`
		Field    string `xml:"field,attr"`
	}
	var v struct {
		XMLName xml.Name `xml:"OGRVRTDataSource"`
		Layer   struct {
			Name          string   `xml:"name,attr"`
			SrcDataSource source   `xml:"SrcDataSource"`
			Options       []option `xml:"OpenOptions>OOI"`
			SrcLayer      string
			FID           string `xml:"FID,omitempty"`
			GeometryType  string
			LayerSRS      string
			GeometryField geometry
			Field         []vrtField
		} `xml:"OGRVRTLayer"`
	}
	l := &v.Layer
	l.Name = q.Layer.Name
	l.SrcDataSource = source{0, "CSV:/vsistdin/"}
	l.Options = []option{{"EMPTY_STRING_AS_NULL", "YES"}, {"AUTODETECT_TYPE", "NO"}, {"MAX_LINE_SIZE", "-1"}}
	l.SrcLayer = "layer"
	l.GeometryType, l.LayerSRS, l.GeometryField = "wkb"+q.Layer.Geometry, "EPSG:4326", geometry{"WKB", "geom"}
	if format == "gpkg" {
		l.FID = "id"
	} else {
		l.Field = append(l.Field, vrtField{Name: "id", Src: "id", Type: "Integer64"})
	}
	for i, name := range q.Fields {
		f, _ := q.Layer.Field(name)
		t, ok := fieldTypes[f.Type]
		if !ok {
			return nil, fmt.Errorf("layer %s: field %q has type %q", q.Layer.Name, name, f.Type)
		}
		l.Field = append(l.Field, vrtField{name, "f" + strconv.Itoa(i), t[0], t[1]})
	}
	b, err := xml.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", q.Layer.Name, err)
	}
	return b, nil
}

// writeRows writes the features as CSV, geometries as hexadecimal WKB.
func writeRows(to io.Writer, q layers.Query, features iter.Seq2[layers.Feature, error]) (n int64, err error) {
	w := csv.NewWriter(to)
	row := []string{"id", "geom"}
	for i := range q.Fields {
		row = append(row, "f"+strconv.Itoa(i))
	}
	if err := w.Write(row); err != nil {
		return 0, err
	}
	types := make([]string, len(q.Fields))
	for i, name := range q.Fields {
		f, _ := q.Layer.Field(name)
		types[i] = f.Type
	}
	for f, err := range features {
		if err != nil {
			return n, err
		}
		row = append(row[:0], strconv.FormatInt(f.ID, 10), "")
		if row[1], err = hexWKB(f.Geometry); err != nil {
			return n, fmt.Errorf("feature %s/%d: %w", q.Layer.Name, f.ID, err)
		}
		for i, v := range f.Values {
			row = append(row, cell(v, types[i]))
		}
		if err := w.Write(row); err != nil {
			return n, err
		}
		n++
	}
	w.Flush()
	return n, w.Error()
}

func hexWKB(g orb.Geometry) (string, error) {
	if g == nil {
		return "", nil
	}
	b, err := wkb.Marshal(g)
	return hex.EncodeToString(b), err
}

// cell is a value as GDAL's CSV driver reads it.
func cell(v any, typ string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return string(bytes.ReplaceAll([]byte(v), []byte{0}, nil))
	case bool:
		if v {
			return "1"
		}
		return "0"
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) { // as in our other formats: no number
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		if typ == "date" {
			return v.Format(time.DateOnly)
		}
		return v.UTC().Format("2006-01-02T15:04:05.000Z") // GDAL keeps milliseconds
	}
	return fmt.Sprint(v)
}
