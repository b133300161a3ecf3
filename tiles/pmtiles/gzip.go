package pmtiles

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

var (
	writers = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(io.Discard, gzip.DefaultCompression) // a level that there is
		return w
	}}
	readers sync.Pool
)

// Compress returns b compressed with gzip: equal bytes for equal bytes.
func Compress(b []byte) []byte {
	var out bytes.Buffer
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	_, _ = w.Write(b) // to memory
	_ = w.Close()
	return out.Bytes()
}

// Decompress returns what was compressed with gzip. It returns an error
// wrapping [ErrFormat] if it would be more than most bytes, or is no gzip.
func Decompress(b []byte, most int) ([]byte, error) {
	in := bytes.NewReader(b)
	r, ok := readers.Get().(*gzip.Reader)
	var err error
	if ok {
		err = r.Reset(in)
	} else {
		r, err = gzip.NewReader(in)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: broken gzip", ErrFormat)
	}
	defer readers.Put(r)
	out, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("%w: broken gzip", ErrFormat)
	}
	if len(out) > most {
		return nil, fmt.Errorf("%w: a part of it has more than %d bytes", ErrFormat, most)
	}
	return out, nil
}
