package web

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"onemap/layers"
	"onemap/layers/push"
)

// Rows that a department's system pushes into a layer.

const ndjsonType = "application/x-ndjson"

// pushTypes are what a push may say it is; each line is read on its own.
var pushTypes = []string{ndjsonType, "application/ndjson", "application/jsonl", "application/geo+json-seq", "application/octet-stream"}

// pushRows takes lines and answers each.
func (s *Server) pushRows(w http.ResponseWriter, r *http.Request) error {
	if s.Push == nil {
		return fmt.Errorf("pushing rows: %w", errUnavailable)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || !slices.Contains(pushTypes, kind) {
		return fmt.Errorf("%w: %s", errMediaType, ndjsonType)
	}
	q := r.URL.Query()
	o := push.Options{Layer: r.PathValue("layer"), Source: q.Get("source"), CRS: q.Get("crs"), Key: r.Header.Get("Idempotency-Key"), Address: clientAddress(r)}
	var err error
	if text := q.Get("fields"); text != "" {
		if o.Fields, err = list("query.fields", text, 400); err != nil {
			return err
		}
	}
	switch text := q.Get("batch"); text {
	case "":
	case "all":
		o.Whole = true
	default:
		if o.Batch, err = strconv.Atoi(text); err != nil || o.Batch < 1 {
			return &layers.InputError{Field: "query.batch", Value: layers.Short(text), Remedy: fmt.Sprintf("1 to %d lines, or all", push.MaxBatch)}
		}
	}
	answers, again, err := s.Push.Push(r.Context(), scopeOf(r.Context()), o, r.Body)
	if err != nil {
		return err
	}
	defer answers.Close()
	w.Header().Set("Content-Type", ndjsonType)
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	_, _ = io.Copy(w, answers) // the client may have left
	return nil
}
