package pmtiles

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
)

const (
	// mostDirectory bounds a directory or the metadata, decompressed.
	mostDirectory = 16 << 20
	// mostTile bounds a tile as it lies in the archive.
	mostTile = 64 << 20
	// keptLeaves is how many leaf directories stay in memory.
	keptLeaves = 64
	// mostDepth is how many directories may stand above a tile.
	mostDepth = 4
)

// A Reader reads an archive. It is safe for concurrent use.
type Reader struct {
	Header
	file io.ReaderAt
	root []entry

	mu     sync.Mutex
	leaves map[uint64][]entry // by offset
}

// NewReader reads the head of an archive of size bytes. It returns an error
// wrapping [ErrFormat] for a file that is none.
func NewReader(file io.ReaderAt, size int64) (*Reader, error) {
	b := make([]byte, min(max(size, 0), rootEnd))
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, size), b); err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	h, err := decodeHeader(b, uint64(max(size, 0)))
	if err != nil {
		return nil, err
	}
	r := &Reader{Header: h, file: file, leaves: map[uint64][]entry{}}
	if r.root, err = r.directory(b[h.root.offset:h.root.end()]); err != nil {
		return nil, err
	}
	return r, nil
}

// Metadata returns the archive's JSON object, as it is in the file.
func (r *Reader) Metadata() ([]byte, error) {
	b, err := r.read(r.metadata)
	if err != nil {
		return nil, err
	}
	return r.plain(b)
}

// Tile returns the tile's bytes, compressed as Compression says; nil where the
// archive has none there.
func (r *Reader) Tile(z uint8, x, y uint32) ([]byte, error) {
	if z > MaxZoom || x >= 1<<z || y >= 1<<z {
		return nil, nil
	}
	id := ID(z, x, y)
	es := r.root
	for range mostDepth {
		e, ok := find(es, id)
		if !ok {
			return nil, nil
		}
		if e.run > 0 {
			return r.content(e)
		}
		var err error
		if es, err = r.leaf(e); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: its directories are too deep", ErrFormat)
}

// A Content is what some tiles in a row hold.
type Content struct {
	ID   uint64 // of the first
	Run  uint32 // how many
	Data []byte
}

// All returns the contents in the order of their tiles' ids. It ends with the
// first error.
func (r *Reader) All() iter.Seq2[Content, error] {
	return func(yield func(Content, error) bool) {
		var next uint64
		read := func(e entry) error {
			b, err := r.content(e)
			if err == nil && !yield(Content{e.id, e.run, b}, nil) {
				err = errLeft
			}
			return err
		}
		if err := r.walk(r.root, mostDepth, &next, read); err != nil && !errors.Is(err, errLeft) {
			yield(Content{}, err)
		}
	}
}

// IDs returns the ids of all tiles in their order. It ends with the first error.
func (r *Reader) IDs() iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		var next uint64
		each := func(e entry) error {
			for i := range uint64(e.run) {
				if !yield(e.id+i, nil) {
					return errLeft
				}
			}
			return nil
		}
		if err := r.walk(r.root, mostDepth, &next, each); err != nil && !errors.Is(err, errLeft) {
			yield(0, err)
		}
	}
}

// walk visits the entries of tiles below a directory. next is the smallest id
// that may come: so that a leaf which names itself has an end.
func (r *Reader) walk(es []entry, depth int, next *uint64, visit func(entry) error) error {
	for _, e := range es {
		if e.id < *next || depth == 0 {
			return fmt.Errorf("%w: its directories are not in order", ErrFormat)
		}
		if e.run == 0 {
			leaf, err := r.leaf(e)
			if err == nil {
				err = r.walk(leaf, depth-1, next, visit)
			}
			if err != nil {
				return err
			}
			continue
		}
		*next = e.id + uint64(e.run)
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

var errLeft = errors.New("the caller wants no more")

func (r *Reader) content(e entry) ([]byte, error) {
	if e.offset > r.data.length || uint64(e.length) > r.data.length-e.offset {
		return nil, fmt.Errorf("%w: a tile is not in the file", ErrFormat)
	}
	return r.read(section{r.data.offset + e.offset, uint64(e.length)})
}

func (r *Reader) leaf(e entry) ([]entry, error) {
	r.mu.Lock()
	es, ok := r.leaves[e.offset]
	r.mu.Unlock()
	if ok {
		return es, nil
	}
	if e.offset > r.Header.leaves.length || uint64(e.length) > r.Header.leaves.length-e.offset {
		return nil, fmt.Errorf("%w: a directory is not in the file", ErrFormat)
	}
	b, err := r.read(section{r.Header.leaves.offset + e.offset, uint64(e.length)})
	if err != nil {
		return nil, err
	}
	if es, err = r.directory(b); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.leaves) >= keptLeaves {
		for offset := range r.leaves { // any: it is read again in no time
			delete(r.leaves, offset)
			break
		}
	}
	r.leaves[e.offset] = es
	return es, nil
}

func (r *Reader) directory(b []byte) ([]entry, error) {
	b, err := r.plain(b)
	if err != nil {
		return nil, err
	}
	return decodeDirectory(b)
}

// plain undoes the compression of directories and metadata.
func (r *Reader) plain(b []byte) ([]byte, error) {
	if r.internal == Uncompressed {
		return b, nil
	}
	return Decompress(b, mostDirectory)
}

// read reads a section that lies in the file, as the header's check and the
// callers' say.
func (r *Reader) read(s section) ([]byte, error) {
	if s.length > mostTile {
		return nil, fmt.Errorf("%w: a part of it has more than %d bytes", ErrFormat, mostTile)
	}
	b := make([]byte, s.length)
	if n, err := r.file.ReadAt(b, int64(s.offset)); n < len(b) {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	return b, nil
}
