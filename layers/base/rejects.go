package base

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// outcome is what became of an object that was not as it should be.
type outcome string

const (
	rejected outcome = "rejected" // it is not in the layer
	repaired outcome = "repaired" // it is, but not as it came
)

// rejects is the file that lists what was wrong. Of an OpenStreetMap extract:
// type, id, layer, outcome, reason; of a vector file: feature, field, value,
// layer, outcome, reason.
// One object may have several lines. Without a file it only counts.
type rejects struct {
	path, tmp string
	file      *os.File
	csv       *csv.Writer
	rejected  map[string]int64
	repaired  map[string]int64
	vector    bool // the lines are of a vector file
}

// createRejects opens the list beside its final name; keep moves it there, so
// that an import that fails leaves no half of one.
func createRejects(path string, header ...string) (*rejects, error) {
	r := &rejects{path: path, rejected: map[string]int64{}, repaired: map[string]int64{}}
	if path == "" {
		return r, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("reject file: %w", err)
	}
	r.file, r.tmp, r.csv = f, f.Name(), csv.NewWriter(f)
	return r, r.csv.Write(header)
}

// add writes one line about an object named by its source key ("osm:w123").
func (r *rejects) add(o outcome, key, layer, reason string) error {
	if r.vector {
		_, name, _ := strings.Cut(key, ":")
		return r.line(o, layer, name, "geometry", "", layer, string(o), reason)
	}
	kind, id := "", strings.TrimPrefix(key, "osm:")
	if id != "" {
		kind, id = map[byte]string{'n': "node", 'w': "way", 'r': "relation"}[id[0]], id[1:]
	}
	id, _, _ = strings.Cut(id, "#")
	return r.line(o, layer, kind, id, layer, string(o), reason)
}

func (r *rejects) line(o outcome, layer string, fields ...string) error {
	if o == rejected {
		r.rejected[layer]++
	} else {
		r.repaired[layer]++
	}
	if r.csv == nil {
		return nil
	}
	return r.csv.Write(fields)
}

// keep ends the list and gives it its name; the file of an import without a
// line is removed, an old one of that name too.
func (r *rejects) keep() error {
	if r.file == nil {
		return nil
	}
	r.csv.Flush()
	if err := r.csv.Error(); err != nil {
		return fmt.Errorf("reject file: %w", err)
	}
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("reject file: %w", err)
	}
	r.file = nil
	if len(r.rejected) == 0 && len(r.repaired) == 0 {
		os.Remove(r.tmp)
		os.Remove(r.path)
		return nil
	}
	if err := os.Chmod(r.tmp, 0o644); err != nil { // CreateTemp makes it the owner's alone
		return fmt.Errorf("reject file: %w", err)
	}
	if err := os.Rename(r.tmp, r.path); err != nil {
		return fmt.Errorf("reject file: %w", err)
	}
	return nil
}

// drop throws an unfinished list away.
func (r *rejects) drop() {
	if r.file != nil {
		r.file.Close()
		os.Remove(r.tmp)
	}
}
