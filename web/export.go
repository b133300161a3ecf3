package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/gdal"
	"onemap/web/takeout"
)

// An exporter writes features one after the other.
type exporter interface {
	begin() error
	feature(layers.Feature) error
	end() error
}

// exportFormats are what the API exports, in the order of its description.
var exportFormats = []string{"geojson", "ndjson", "csv", "gpkg", "fgb", "pmtiles", "mbtiles"}

var exportTypes = map[string]string{
	"geojson": "application/geo+json",
	"ndjson":  "application/x-ndjson",
	"csv":     "text/csv; charset=utf-8",
	"gpkg":    gdal.Formats["gpkg"].Type,
	"fgb":     gdal.Formats["fgb"].Type,
	"pmtiles": takeout.Formats["pmtiles"],
	"mbtiles": takeout.Formats["mbtiles"],
}

const (
	// An export has a connection to the database for as long as its reader
	// reads, and there are few of those. So only some exports run at a time,
	// the next wait a little, and a reader who takes nothing for a while is cut off.
	exportWait     = 10 * time.Second
	exportPatience = time.Minute
)

// exportsAtOnce leaves most of so many connections to others.
func exportsAtOnce(connections int) int {
	return max(1, min(connections-1, max(2, connections/4)))
}

// exportTurn waits for a place among the exports that run. Call done after it.
func (s *Server) exportTurn(ctx context.Context) (done func(), err error) {
	wait := time.NewTimer(exportWait)
	defer wait.Stop()
	select {
	case s.exports <- struct{}{}:
		return func() { <-s.exports }, nil
	case <-wait.C:
		return nil, fmt.Errorf("%w: other exports are running: try again when they have ended", errTooMany)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// patientWriter gives each write its own time.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w patientWriter) Write(b []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(exportPatience)) // best effort: not every writer has one
	return w.ResponseWriter.Write(b)
}

// export streams a layer by right, as it is read. Who took what is recorded
// before the first row is read, on no connection that the reading holds:
// exports that each wait for a second one would wait for ever. A stream that
// fails on its way is cut off, so that a half file is not taken for a whole one.
func (s *Server) export(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, append(filterNames, "properties", "format", "minzoom", "maxzoom")...); err != nil {
		return err
	}
	q, err := s.featureQuery(r)
	if err != nil {
		return err
	}
	format := r.URL.Query().Get("format")
	if format == "" {
		format = "geojson"
	}
	kind, ok := exportTypes[format]
	if !ok {
		return &layers.InputError{Field: "query.format", Value: layers.Short(format), Remedy: "one of " + strings.Join(exportFormats, ", ")}
	}
	file, err := s.exportFile(r, format, q)
	if err != nil {
		return err
	}
	done, err := s.exportTurn(r.Context())
	if err != nil {
		return err
	}
	defer done()
	err = s.audit(r.Context(), r, access.Entry{Action: "layer.export", Object: "layer/" + q.Layer.Name, Result: access.Done,
		Detail: map[string]any{"format": format, "query": r.URL.RawQuery, "fields": q.Fields}})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.%s"`, q.Layer.Name, time.Now().UTC().Format("20060102T150405Z"), format))
	to := &heldWriter{Writer: patientWriter{w, http.NewResponseController(w)}, held: s.held(r, q)}
	if file != nil {
		return s.sendFile(w, r, file, to)
	}
	features, stop, err := begun(s.Store.Features(r.Context(), q.Query))
	if err != nil {
		return err
	}
	defer stop()
	if _, err := WriteFeatures(to, format, q.Query, features); err != nil {
		stateOf(r.Context()).err = err
		panic(http.ErrAbortHandler)
	}
	return nil
}

// begun reads the first of the features, so that a query that fails at once
// still has a status of its own. Call stop when done.
func begun(all iter.Seq2[layers.Feature, error]) (rest iter.Seq2[layers.Feature, error], stop func(), err error) {
	next, stop := iter.Pull2(all)
	f, err, ok := next()
	if ok && err != nil {
		stop()
		return nil, nil, err
	}
	return func(yield func(layers.Feature, error) bool) {
		for ; ok; f, err, ok = next() {
			if !yield(f, err) {
				return
			}
		}
	}, stop, nil
}

type geojsonExport struct {
	q          layers.Query
	w          io.Writer
	collection bool // else one feature a line
	n          int
}

func (x *geojsonExport) begin() error {
	if !x.collection {
		return nil
	}
	name, err := json.Marshal(x.q.Layer.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(x.w, `{"type":"FeatureCollection","name":%s,"features":[`, name)
	return err
}

func (x *geojsonExport) feature(f layers.Feature) error {
	b, err := featureJSON(x.q, f)
	if err != nil {
		return err
	}
	switch {
	case !x.collection:
		b = append(b, '\n')
	case x.n > 0:
		b = append([]byte(",\n"), b...)
	}
	x.n++
	_, err = x.w.Write(b)
	return err
}

func (x *geojsonExport) end() error {
	if !x.collection {
		return nil
	}
	_, err := io.WriteString(x.w, "]}\n")
	return err
}

// csvExport writes id, the fields, and the place: lon and lat for points, else
// WKT. It begins with the mark by which spreadsheets know UTF-8.
type csvExport struct {
	q layers.Query
	w *csv.Writer
}

func (x *csvExport) begin() error {
	head := append([]string{"\ufeffid"}, x.q.Fields...)
	if x.q.Layer.Geometry == "Point" {
		head = append(head, "lon", "lat")
	} else {
		head = append(head, "wkt")
	}
	return x.w.Write(head)
}

func (x *csvExport) feature(f layers.Feature) error {
	row := []string{strconv.FormatInt(f.ID, 10)}
	for i, name := range x.q.Fields {
		row = append(row, csvCell(jsonValue(x.q.Layer, name, f.Values[i])))
	}
	switch p, ok := f.Geometry.(orb.Point); {
	case ok && x.q.Layer.Geometry == "Point":
		p = roundPoint(p)
		row = append(row, number(p[0]), number(p[1]))
	case f.Geometry == nil:
		row = append(row, "")
	default:
		row = append(row, wkt.MarshalString(rounded(f.Geometry)))
	}
	return x.w.Write(row)
}

func (x *csvExport) end() error {
	x.w.Flush()
	return errors.Join(x.w.Error())
}

// csvCell writes a value so that a spreadsheet shows it and does not run it.
func csvCell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return layers.Unformula(v)
	case float64:
		return number(v)
	}
	return fmt.Sprint(v)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
