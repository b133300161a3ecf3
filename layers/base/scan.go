package base

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
	"github.com/paulmach/osm/osmxml"

	"onemap/layers"
)

// scan reads the whole file and hands out its objects in the order of the
// file. pass is 0 or 1, for the progress; the second needs the ways only.
func (x *extract) scan(ctx context.Context, pass int64, each func(context.Context, osm.Object) error) error {
	f, err := os.Open(x.file)
	if err != nil {
		return &layers.InputError{Field: "file", Value: filepath.Base(x.file), Remedy: "a file that can be read"}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(x.file), err)
	}
	counter := &countingReader{Reader: f}
	in := bufio.NewReaderSize(counter, 1<<20)
	head, err := in.Peek(16)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", filepath.Base(x.file), err)
	}

	var s osm.Scanner
	switch {
	case isXML(head):
		s = osmxml.New(ctx, in)
	case len(head) > 13 && string(head[6:15]) == "OSMHeader": // length, field 1, its length, the name
		p := osmpbf.New(ctx, in, runtime.GOMAXPROCS(0))
		p.SkipNodes, p.SkipRelations = pass > 0, pass > 0
		s = p
	default:
		return &layers.InputError{Field: "file", Value: filepath.Base(x.file), Remedy: "an OpenStreetMap extract, .osm.pbf or .osm"}
	}
	defer func() { _ = s.Close() }() // it only stops the decoders
	var last identity
	for n := 0; s.Scan(); n++ {
		o := s.Object()
		id := identityOf(o)
		if id == last && id.id != 0 {
			return &layers.InputError{Field: "file", Value: key(id.kind, id.id, 0),
				Remedy: "an extract of the present state: this one holds several versions of an object (make one with: osmium time-filter)"}
		}
		last = id
		if err := each(ctx, o); err != nil {
			return err
		}
		if x.progress != nil && n%1024 == 0 {
			x.progress(pass*info.Size()+counter.n.Load(), 2*info.Size())
		}
	}
	if err := s.Err(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &layers.InputError{Field: "file", Value: filepath.Base(x.file), Remedy: fmt.Sprintf("a whole extract: reading stopped after %d bytes (%v)", counter.n.Load(), err)}
	}
	if x.progress != nil {
		x.progress((pass+1)*info.Size(), 2*info.Size())
	}
	return nil
}

// An identity is what the versions of an object have in common.
// (osm.ObjectID packs the version in, and breaks where a file has none.)
type identity struct {
	kind byte
	id   int64
}

func identityOf(o osm.Object) identity {
	switch o := o.(type) {
	case *osm.Node:
		return identity{'n', int64(o.ID)}
	case *osm.Way:
		return identity{'w', int64(o.ID)}
	case *osm.Relation:
		return identity{'r', int64(o.ID)}
	}
	return identity{}
}

func isXML(head []byte) bool {
	for _, b := range head {
		switch b {
		case 0xEF, 0xBB, 0xBF, ' ', '\t', '\r', '\n': // a byte order mark, blanks
		default:
			return b == '<'
		}
	}
	return false
}

// countingReader counts what was read of it. The scanner reads in a goroutine
// of its own.
type countingReader struct {
	io.Reader
	n atomic.Int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n.Add(int64(n))
	return n, err
}
