package tilefeed

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"onemap/layers"
	"onemap/tiles"
	"onemap/tiles/archive"
)

// An Archive is a file of tiles as a source beside memory and PostGIS. A layer
// is served from it as long as its table is what the archive was made of: that
// is told by a digest of the rows, taken once for each snapshot of the log, and
// after it by the stamps. A tile that changed comes from another source, and
// all others still from the archive. A new file that takes the name is read as
// soon as it is seen.
type Archive struct {
	Path    string
	Store   *layers.Store
	Stamps  *tiles.Stamps
	Visible func(snapshot string) (lsn uint64, ok bool) // feed.Feed.Visible
	Log     *slog.Logger                                // nil: slog's default
	Every   time.Duration                               // how often it looks; 0: 5 s

	now  atomic.Pointer[opened]
	said string // the last complaint, which is made once
}

var _ tiles.Source = (*Archive)(nil)

// opened is one file that had the name.
type opened struct {
	file     *archive.File
	source   *archive.Source
	compared map[string]comparison
}

// A comparison of a layer with the archive holds for one snapshot of the log,
// and for one definition of the layer.
type comparison struct{ base, version uint64 }

// Tile implements [tiles.Source].
func (a *Archive) Tile(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
	now := a.now.Load()
	if now == nil {
		return make([]tiles.Part, len(r.Layers)), nil
	}
	parts, err := now.source.Tile(ctx, r)
	if err != nil && ctx.Err() == nil { // a broken file is not the caller's trouble
		a.log().Error("tiles from an archive", "file", a.Path, "error", err)
		return make([]tiles.Part, len(r.Layers)), nil
	}
	return parts, err
}

// File returns the file as it is now, nil if there is none.
func (a *Archive) File() *archive.File {
	if now := a.now.Load(); now != nil {
		return now.file
	}
	return nil
}

// Run keeps the archive up to date until ctx ends.
func (a *Archive) Run(ctx context.Context) error {
	every := a.Every
	if every == 0 {
		every = 5 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := a.review(ctx); ctx.Err() == nil {
			a.complain(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Open opens the file, so that a server that is given a wrong one does not begin.
func (a *Archive) Open() error {
	f, err := archive.Open(a.Path)
	if err != nil {
		return err
	}
	s, err := archive.NewSource(f.Reader, a.Stamps.At)
	if err != nil {
		return err
	}
	a.now.Store(&opened{f, s, map[string]comparison{}})
	if len(s.Layers()) == 0 {
		a.log().Warn("the server makes no tiles from this archive: it is cut, filtered, or does not say what it is made of", "file", a.Path)
	}
	return nil
}

// review looks for a new file, and compares the layers that were not compared
// since the log's last snapshot.
func (a *Archive) review(ctx context.Context) error {
	now := a.now.Load()
	if now == nil || !now.file.IsAt(a.Path) {
		err := a.Open()
		if errors.Is(err, os.ErrNotExist) && now != nil {
			return nil // the one that was there is still open
		}
		if err != nil {
			return err
		}
		now = a.now.Load()
		a.log().Info("archive of tiles is open", "file", a.Path, "tiles", now.file.Tiles)
	}
	base := a.Stamps.Last("") // of all layers: where the snapshot is
	if base == 0 {
		return nil // the log is not followed
	}
	for _, have := range now.source.Layers() {
		l, err := a.Store.Layer(ctx, have.Name)
		if errors.Is(err, layers.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		is := comparison{base, l.Version}
		if now.compared[l.Name] == is {
			continue
		}
		now.source.Believe(l.Name, 0)
		if have.Version != archive.FormatVersion(l.Version) {
			now.compared[l.Name] = is
			a.log().Warn("the layer's definition is not that of the archive: export it again", "file", a.Path, "layer", l.Name)
			continue
		}
		digest, snapshot, err := a.Store.Digest(ctx, l)
		if err != nil {
			return err
		}
		if digest != have.Digest {
			now.compared[l.Name] = is
			a.log().Warn("the layer is not what the archive was made of: export it again", "file", a.Path, "layer", l.Name)
			continue
		}
		// What the digest saw is in the archive; what came after it is stamped.
		if lsn, ok := a.Visible(snapshot); ok && lsn >= base {
			now.compared[l.Name] = is
			now.source.Believe(l.Name, lsn)
			a.log().Info("tiles of the layer come from the archive", "file", a.Path, "layer", l.Name)
		}
	}
	return nil
}

func (a *Archive) complain(err error) {
	said := ""
	if err != nil {
		said = err.Error()
	}
	if said != a.said && err != nil {
		a.log().Error("archive of tiles", "file", a.Path, "error", err)
	}
	a.said = said
}

func (a *Archive) log() *slog.Logger {
	if a.Log == nil {
		return slog.Default()
	}
	return a.Log
}
