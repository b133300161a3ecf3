package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/paulmach/orb"
	"github.com/schollz/progressbar/v3"

	"onemap/cmd/onemap/tilefeed"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/gdal"
	"onemap/tiles"
	"onemap/web"
	"onemap/web/takeout"
)

// gdalTime is how long ogr2ogr may take for one layer.
const gdalTime = 24 * time.Hour

// An exportJob is an export whose command line was understood.
type exportJob struct {
	exportCommand
	t      terminal
	store  *layers.Store
	right  string // whose eyes
	wanted []takeout.Layer
	box    *orb.Bound
	epsg   int
	took   func(takeout.Layer) error // records it, before the first row is read
}

// run writes all layers in a workshop beside the file, and then puts the whole
// in its place.
func (j exportJob) run(ctx context.Context) (answer exported, err error) {
	work, err := openWorkshop(j.Out+".part", j.request(), j.Anew)
	if err != nil {
		return answer, err
	}
	whole := false
	defer func() { work.close(whole) }()
	answer = exported{File: j.Out, Format: j.Format}
	if _, archived := takeout.Formats[j.Format]; archived {
		err = j.archive(ctx, work, &answer)
	} else {
		err = j.tables(ctx, work, &answer)
	}
	if err != nil {
		return answer, err
	}
	whole = true
	answer.Bytes = bytesOf(j.Out)
	return answer, nil
}

// request is what makes this export another than the next.
func (j exportJob) request() any {
	type layer struct {
		Name    string
		Version uint64
		Where   string
		Fields  []string
		From    int
		To      int
	}
	r := struct {
		Format, Right, Credit string
		EPSG                  int
		Box                   *orb.Bound
		Layers                []layer
	}{Format: j.Format, Right: j.right, Credit: j.Attribution, EPSG: j.epsg, Box: j.box}
	for _, l := range j.wanted {
		r.Layers = append(r.Layers, layer{l.Name, l.Version, where.Hash(l.Where), l.Fields, l.MinZoom, l.MaxZoom})
	}
	return r
}

// archive makes an archive of each layer, and of those one.
func (j exportJob) archive(ctx context.Context, work *workshop, answer *exported) error {
	whole := takeout.Whole{Format: j.Format, Path: j.Out, Name: j.title(), Credit: j.Attribution, Right: j.right, Made: time.Now(),
		By: "onemap " + programVersion(), Box: j.box, Layers: j.wanted}
	maker := &tiles.Maker{PostGIS: tilefeed.PostGIS{Store: j.store}, Timeout: 10 * time.Minute}
	for _, l := range j.wanted {
		part := work.path(l.Name + ".pmtiles")
		var b takeout.Built
		resumed := work.finished(l.Name, &b) && exists(part)
		if !resumed {
			if err := j.took(l); err != nil {
				return err
			}
			if err := takeout.Latest(ctx, j.store, &l); err != nil {
				return err
			}
			bar := j.bar(l.Name)
			var err error
			b, err = takeout.Build(ctx, j.store, maker, l, j.box, 0, part, func(done, all uint64) {
				bar.ChangeMax64(int64(all))
				bar.Set64(int64(done))
			})
			bar.Exit()
			if err != nil {
				return misuse(err, "maxzoom")
			}
			if err := work.finish(l.Name, b); err != nil {
				return err
			}
		}
		whole.Built, whole.Parts = append(whole.Built, b), append(whole.Parts, part)
		answer.Layers = append(answer.Layers, exportedLayer{Layer: l.Name, Tiles: b.Tiles, Resumed: resumed,
			Changed: b.Whole && j.box == nil && l.Subject == "base" && b.Digest == ""})
	}
	bar := j.bar("joining")
	n, err := takeout.Finish(ctx, whole, func(done uint64) { bar.Set64(int64(done)) })
	bar.Exit()
	answer.Tiles = n
	return err
}

// title names an archive: one layer, the base library, or some layers.
func (j exportJob) title() string {
	switch {
	case len(j.wanted) == 1:
		return j.wanted[0].TitleZH + " " + j.wanted[0].TitleEN
	case j.Base && len(j.Layers) == 0:
		return "基础底图 Base map"
	}
	return filepath.Base(j.Out)
}

// tables writes each layer's features to a file of its own, but for a
// GeoPackage, which holds them all.
func (j exportJob) tables(ctx context.Context, work *workshop, answer *exported) error {
	one := work.path("all.gpkg")
	if j.Format == "gpkg" && !exists(one) {
		clear(work.Done) // it was lost on its way
	}
	for _, l := range j.wanted {
		part := work.path(l.Name + "." + j.Format)
		if j.Format == "gpkg" {
			part = one
		}
		var n int64
		resumed := work.finished(l.Name, &n) && exists(part)
		if !resumed {
			if err := j.took(l); err != nil {
				return err
			}
			var err error
			if n, err = j.table(ctx, l, part); err != nil {
				return err
			}
			if err := work.finish(l.Name, n); err != nil {
				return err
			}
		}
		answer.Layers = append(answer.Layers, exportedLayer{Layer: l.Name, Features: &n, Resumed: resumed})
	}
	if j.Format == "gpkg" {
		return os.Rename(one, j.Out)
	}
	if len(j.wanted) == 1 && !isFolder(j.Out) {
		return os.Rename(work.path(j.wanted[0].Name+"."+j.Format), j.Out)
	}
	if err := os.MkdirAll(j.Out, 0o755); err != nil {
		return err
	}
	for _, l := range j.wanted {
		name := l.Name + "." + j.Format
		if err := os.Rename(work.path(name), filepath.Join(j.Out, name)); err != nil {
			return err
		}
	}
	return nil
}

// table writes one layer's features to a file.
func (j exportJob) table(ctx context.Context, l takeout.Layer, file string) (n int64, err error) {
	bar := j.bar(l.Name)
	defer bar.Exit()
	q := layers.Query{Layer: l.Layer, Where: l.Where, Fields: l.Fields}
	features := func(yield func(layers.Feature, error) bool) {
		for f, err := range j.store.Features(ctx, q) {
			if n++; n%1000 == 0 {
				bar.Set64(n)
			}
			if !yield(f, err) {
				return
			}
		}
	}
	if _, ok := gdal.Formats[j.Format]; ok {
		return gdal.Write(ctx, gdal.Options{Format: j.Format, Path: file, EPSG: j.epsg, Timeout: gdalTime}, q, features)
	}
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	written, err := web.WriteFeatures(f, j.Format, q, features)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return written, err
}

func (j exportJob) bar(what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(math.MaxInt64, barOptions(j.t, what, false)...)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// bytesOf is how large a file is, or the files of a folder.
func bytesOf(path string) (n int64) {
	_ = filepath.Walk(path, func(_ string, info os.FileInfo, err error) error { // a number for people: what cannot be read is not in it
		if err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}
