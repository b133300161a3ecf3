package pmtiles

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/paulmach/orb"
)

const (
	// Contents up to smallContent are kept once: the sea, a forest, an empty
	// counting cell. Larger ones hardly ever repeat, and to remember them all
	// would take memory that grows with the archive.
	smallContent = 4 << 10
	mostContents = 1 << 20
)

// A Writer makes an archive. Tiles go straight to a file beside the one that is
// wanted, which takes its name when it is whole. In memory are 24 bytes for
// each entry and at most 60 MB for finding equal contents.
type Writer struct {
	path string
	file *os.File
	out  *bufio.Writer

	entries  []entry
	contents uint64
	tiles    uint64
	next     uint64 // the smallest id that may come
	written  uint64 // bytes of tiles
	seen     map[[16]byte]entry
}

// Create begins an archive that will be at path. Call Finish, or Abandon.
func Create(path string) (*Writer, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err != nil {
		return nil, fmt.Errorf("create an archive: %w", err)
	}
	w := &Writer{path: path, file: f, out: bufio.NewWriterSize(f, 1<<20), seen: map[[16]byte]entry{}}
	// The root directory is written last and must stand first.
	if _, err := f.Seek(rootEnd, io.SeekStart); err != nil {
		w.Abandon()
		return nil, fmt.Errorf("create an archive: %w", err)
	}
	return w, nil
}

// Add adds the tile at column x and row y of zoom z, compressed with gzip
// ([Compress]). An empty one is left out. Ids must grow from call to call: it
// returns [ErrOrder] otherwise.
func (w *Writer) Add(z uint8, x, y uint32, tile []byte) error {
	if z > MaxZoom || x >= 1<<z || y >= 1<<z || len(tile) > math.MaxUint32 {
		return fmt.Errorf("archive: there is no tile %d/%d/%d", z, x, y)
	}
	id := ID(z, x, y)
	if id < w.next {
		return fmt.Errorf("archive: tile %d/%d/%d: %w", z, x, y, ErrOrder)
	}
	w.next = id + 1
	if len(tile) == 0 {
		return nil
	}
	w.tiles++
	e := entry{id: id, offset: w.written, length: uint32(len(tile)), run: 1}
	var key [16]byte
	if small := len(tile) <= smallContent; small {
		sum := sha256.Sum256(tile)
		key = [16]byte(sum[:])
		if same, ok := w.seen[key]; ok {
			e.offset, e.length = same.offset, same.length
			w.index(e)
			return nil
		}
		if len(w.seen) < mostContents {
			w.seen[key] = e
		}
	}
	if _, err := w.out.Write(tile); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	w.written += uint64(len(tile))
	w.contents++
	w.index(e)
	return nil
}

// index appends e, or lengthens the run before it.
func (w *Writer) index(e entry) {
	if n := len(w.entries); n > 0 {
		last := &w.entries[n-1]
		if last.offset == e.offset && last.id+uint64(last.run) == e.id && last.run < math.MaxUint32 {
			last.run++
			return
		}
	}
	w.entries = append(w.entries, e)
}

// Tiles is how many tiles there are by now.
func (w *Writer) Tiles() uint64 { return w.tiles }

// A Summary is what an archive says of its whole.
type Summary struct {
	MinZoom, MaxZoom uint8
	Bounds           orb.Bound // degrees
	Metadata         []byte    // a JSON object; for vector tiles it has vector_layers
}

// Finish writes the directories and the metadata, and gives the archive its
// name. The writer cannot be used after it.
func (w *Writer) Finish(s Summary) (err error) {
	defer func() {
		if err != nil {
			w.Abandon()
		}
	}()
	root, leaves := directories(w.entries, rootEnd-headerLen)
	metadata := Compress(s.Metadata)
	h := Header{
		root: section{headerLen, uint64(len(root))}, data: section{rootEnd, w.written},
		Tiles: w.tiles, Entries: uint64(len(w.entries)), Contents: w.contents, Clustered: true,
		internal: Gzip, Compression: Gzip, Type: MVT, MinZoom: s.MinZoom, MaxZoom: s.MaxZoom,
		Bounds: s.Bounds, Centre: s.Bounds.Center(), CentreZoom: s.MinZoom,
	}
	h.metadata = section{h.data.end(), uint64(len(metadata))}
	h.leaves = section{h.metadata.end(), uint64(len(leaves))}
	for _, b := range [][]byte{metadata, leaves} {
		if _, err := w.out.Write(b); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if _, err := w.file.WriteAt(append(h.encode(), root...), 0); err != nil {
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

// directories encodes the entries: in the root alone where they fit room bytes,
// else in leaves, which are made larger until the root that names them fits.
func directories(es []entry, room int) (root, leaves []byte) {
	if len(es) < rootEnd { // more never fit
		if root = Compress(encodeDirectory(es)); len(root) <= room {
			return root, nil
		}
	}
	for size := 4096; ; size += size / 4 {
		var index []entry
		leaves = leaves[:0]
		for at := 0; at < len(es); at += size {
			part := es[at:min(at+size, len(es))]
			b := Compress(encodeDirectory(part))
			index = append(index, entry{id: part[0].id, offset: uint64(len(leaves)), length: uint32(len(b))})
			leaves = append(leaves, b...)
		}
		if root = Compress(encodeDirectory(index)); len(root) <= room {
			return root, leaves
		}
	}
}
