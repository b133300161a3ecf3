package mbtiles

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

const (
	smallContent = 4 << 10 // what is looked for among the contents before it
	mostContents = 1 << 20
	maxZoom      = 30
)

// A Writer makes an archive. Tiles go straight to a file beside the one that is
// wanted, which takes its name when it is whole. In memory are 24 bytes for
// each tile and at most 60 MB for finding equal contents.
type Writer struct {
	path   string
	file   *os.File
	pages  *pages
	images *table
	tiles  []place
	seen   map[[16]byte]int64
}

// A place is where an image stands.
type place struct {
	z     uint8
	x, y  uint32 // y from the south, as the standard has it
	image int64
}

// Create begins an archive that will be at path. Call Finish, or Abandon.
func Create(path string) (*Writer, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return nil, fmt.Errorf("create an archive: %w", err)
	}
	p := newPages(f)
	return &Writer{path: path, file: f, pages: p, images: newTable(p), seen: map[[16]byte]int64{}}, nil
}

// Add adds the tile at column x and row y (from the north) of zoom z,
// compressed with gzip, in any order, each once. An empty one is left out.
func (w *Writer) Add(z uint8, x, y uint32, tile []byte) error {
	if z > maxZoom || x >= 1<<z || y >= 1<<z {
		return fmt.Errorf("archive: there is no tile %d/%d/%d", z, x, y)
	}
	if len(tile) == 0 {
		return nil
	}
	var key [16]byte
	image := int64(0)
	if len(tile) <= smallContent {
		sum := sha256.Sum256(tile)
		key = [16]byte(sum[:])
		image = w.seen[key]
	}
	if image == 0 {
		image = w.images.add(record(nil, tile))
		if len(tile) <= smallContent && len(w.seen) < mostContents {
			w.seen[key] = image
		}
	}
	w.tiles = append(w.tiles, place{z, x, 1<<z - 1 - y, image})
	if w.pages.err != nil {
		return fmt.Errorf("archive: %w", w.pages.err)
	}
	return nil
}

// A Row is one line of the table metadata: MBTiles 1.3 asks for name and
// format, and for json where tiles are vectors.
type Row struct{ Name, Value string }

// Finish writes all that is not tiles, and gives the archive its name. The
// writer cannot be used after it.
func (w *Writer) Finish(metadata []Row) (err error) {
	defer func() {
		if err != nil {
			w.Abandon()
		}
	}()
	slices.SortFunc(w.tiles, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.z, b.z), cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y))
	})
	for i := 1; i < len(w.tiles); i++ {
		if a, b := w.tiles[i-1], w.tiles[i]; a.z == b.z && a.x == b.x && a.y == b.y {
			return fmt.Errorf("archive: tile %d/%d/%d came twice", a.z, a.x, 1<<a.z-1-a.y)
		}
	}
	facts := newTable(w.pages)
	for _, r := range metadata {
		facts.add(record(r.Name, r.Value))
	}
	schema := node{kind: tableLeaf}
	for i, s := range []struct {
		kind, name string
		root       uint32
		sql        string
	}{
		{"table", "images", w.images.finish(), "CREATE TABLE images (tile_id INTEGER PRIMARY KEY, tile_data BLOB)"},
		{"table", "map", index(w.pages, len(w.tiles), func(i int) []byte {
			t := w.tiles[i]
			return record(int64(t.z), int64(t.x), int64(t.y), t.image)
		}), "CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id INTEGER, PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID"},
		{"table", "metadata", facts.finish(), "CREATE TABLE metadata (name TEXT, value TEXT)"},
		{"view", "tiles", 0, "CREATE VIEW tiles AS SELECT map.zoom_level AS zoom_level, map.tile_column AS tile_column, map.tile_row AS tile_row, images.tile_data AS tile_data FROM map JOIN images ON images.tile_id = map.tile_id"},
	} {
		r := record(s.kind, s.name, s.name, int64(s.root), s.sql)
		schema.add(append(appendVarint(appendVarint(nil, uint64(len(r))), uint64(i+1)), r...))
	}
	if err := errors.Join(w.pages.err, w.pages.w.Flush()); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	page := schema.page(headerLen, 0)
	copy(page, header(w.pages.last))
	if _, err := w.file.WriteAt(page, 0); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := errors.Join(w.file.Chmod(0o644), w.file.Sync(), w.file.Close()); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := os.Rename(w.file.Name(), w.path); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// Abandon throws away what was written.
func (w *Writer) Abandon() {
	_ = w.file.Close() // its content is not wanted
	os.Remove(w.file.Name())
}

const headerLen = 100

// header is the first 100 bytes of a database of so many pages.
func header(count uint32) []byte {
	b := make([]byte, headerLen)
	copy(b, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(b[16:], pageSize)
	copy(b[18:], []byte{1, 1, 0, 64, 32, 32}) // rollback journal; fractions that must be so
	u32 := func(at int, v uint32) { binary.BigEndian.PutUint32(b[at:], v) }
	u32(24, 1) // the file's change counter
	u32(28, count)
	u32(40, 1)          // the schema's version
	u32(44, 4)          // the schema's format
	u32(56, 1)          // UTF-8
	u32(68, 0x4d504258) // MPBX: an MBTiles file
	u32(92, 1)          // the change counter for which count holds
	u32(96, 3040001)
	return b
}
