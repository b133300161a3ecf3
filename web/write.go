package web

import (
	"bufio"
	"encoding/csv"
	"io"
	"iter"

	"onemap/layers"
)

// Formats are the names of what [WriteFeatures] can write.
func Formats() []string { return []string{"geojson", "ndjson", "csv"} }

// WriteFeatures writes the features of q to w, in the same bytes as the
// export of the API, and returns how many. A format that is none of [Formats]
// is an InputError. An error of features ends it: what was written by then is
// not whole.
func WriteFeatures(w io.Writer, format string, q layers.Query, features iter.Seq2[layers.Feature, error]) (n int64, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	var x exporter
	switch format {
	case "geojson":
		x = &geojsonExport{q: q, w: out, collection: true}
	case "ndjson":
		x = &geojsonExport{q: q, w: out}
	case "csv":
		x = &csvExport{q: q, w: csv.NewWriter(out)}
	default:
		return 0, &layers.InputError{Field: "format", Value: format, Remedy: "one of geojson, ndjson, csv"}
	}
	if err := x.begin(); err != nil {
		return 0, err
	}
	for f, err := range features {
		if err != nil {
			return n, err
		}
		if err := x.feature(f); err != nil {
			return n, err
		}
		n++
	}
	if err := x.end(); err != nil {
		return n, err
	}
	return n, out.Flush()
}
