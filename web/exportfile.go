package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"onemap/layers"
	"onemap/layers/gdal"
	"onemap/tiles"
	"onemap/web/takeout"
)

const (
	// Files that cannot be sent while they are made are made in a temporary
	// folder first. These bound what one caller may use of the machine; the
	// command line has no such bounds.
	exportFileTime  = 10 * time.Minute
	exportFileBytes = 4 << 30
	exportTiles     = 100_000 // visited, of one archive
)

// exportAnswer describes the file in each of its formats.
func exportAnswer(op *huma.Operation) {
	content := map[string]*huma.MediaType{}
	for _, format := range exportFormats {
		answers(200, exportTypes[format], "The file")(op)
		for kind, as := range op.Responses["200"].Content {
			content[kind] = as
		}
	}
	op.Responses["200"].Content = content
}

// An exportedFile makes a file of a layer in a folder, and returns its path.
type exportedFile func(ctx context.Context, dir string) (path string, err error)

// exportFile understands a request for a format that is a file; nil for one
// that is sent as it is made. What is wrong with it is said before the caller
// gets a turn, and before the export is recorded.
func (s *Server) exportFile(r *http.Request, format string, q featureQuery) (exportedFile, error) {
	from, err := intParam(r, "minzoom", -1, 0, tiles.MaxZoom)
	if err != nil {
		return nil, err
	}
	to, err := intParam(r, "maxzoom", -1, 0, tiles.MaxZoom)
	if err != nil {
		return nil, err
	}
	_, archived := takeout.Formats[format]
	switch {
	case !archived && (from >= 0 || to >= 0):
		return nil, inputError("query.maxzoom", "", "leave zooms out: "+format+" has none")
	case archived && to >= 0 && from > to:
		return nil, inputError("query.minzoom", strconv.FormatInt(from, 10), "at most maxzoom")
	case archived:
		return func(ctx context.Context, dir string) (string, error) {
			return s.exportArchive(ctx, format, q, int(from), int(to), dir)
		}, nil
	}
	if _, ok := gdal.Formats[format]; !ok {
		return nil, nil
	}
	if !gdal.Installed() {
		return nil, inputError("query.format", format, "geojson, ndjson or csv: this server lacks GDAL (Debian's gdal-bin)")
	}
	return func(ctx context.Context, dir string) (string, error) {
		path := filepath.Join(dir, "out."+format)
		_, err := gdal.Write(ctx, gdal.Options{Format: format, Path: path, Timeout: exportFileTime, Bytes: exportFileBytes}, q.Query, s.Store.Features(ctx, q.Query))
		return path, err
	}, nil
}

// exportArchive makes an archive of one layer, with tiles from memory where it
// is there.
func (s *Server) exportArchive(ctx context.Context, format string, q featureQuery, from, to int, dir string) (string, error) {
	wanted := []takeout.Layer{{Layer: q.Layer, Where: q.Where, Fields: q.Fields, Audience: q.right.Audience}}
	takeout.Zooms(wanted, from, to)
	if err := takeout.Latest(ctx, s.Store, &wanted[0]); err != nil {
		return "", err
	}
	// A maker of its own: tiles that are asked for once do not push others out of
	// the cache.
	maker := &tiles.Maker{Memory: s.Tiles.Memory, PostGIS: s.Tiles.PostGIS, Position: s.Tiles.Position, Timeout: s.Tiles.Timeout}
	part := filepath.Join(dir, "part.pmtiles")
	built, err := takeout.Build(ctx, s.Store, maker, wanted[0], nil, exportTiles, part, nil)
	if err != nil {
		var input *layers.InputError
		if errors.As(err, &input) && input.Field == "maxzoom" {
			return "", inputError("query.maxzoom", input.Value, input.Remedy)
		}
		return "", err
	}
	right := "public"
	if p, ok := scopeOf(ctx).Person(); ok {
		right = p.Login
	}
	path := filepath.Join(dir, "out."+format)
	_, err = takeout.Finish(ctx, takeout.Whole{Format: format, Path: path, Name: strings.TrimSpace(q.Layer.TitleZH + " " + q.Layer.TitleEN), Right: right,
		Made: time.Now(), By: "onemap " + s.Version, Layers: wanted, Built: []takeout.Built{built}, Parts: []string{part}}, nil)
	return path, err
}

// sendFile makes a file and sends it by to. The headers that name it are set.
func (s *Server) sendFile(w http.ResponseWriter, r *http.Request, file exportedFile, to io.Writer) error {
	ctx, cancel := context.WithTimeout(r.Context(), exportFileTime)
	defer cancel()
	dir, err := os.MkdirTemp("", "onemap-export-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := file(ctx, dir)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	if _, err := io.Copy(to, f); err != nil {
		stateOf(r.Context()).err = err
		panic(http.ErrAbortHandler)
	}
	return nil
}
