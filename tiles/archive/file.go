package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"onemap/tiles/pmtiles"
)

// A File is an archive on disk, open for reading. What is read of it is of one
// archive, also when another takes its name meanwhile. It is closed when nobody
// refers to it any more.
type File struct {
	*pmtiles.Reader
	Metadata Metadata
	Bytes    int64
	Modified time.Time
	ETag     string // strong, quoted

	file *os.File
	info os.FileInfo
}

// Open opens an archive. It returns an error wrapping [pmtiles.ErrFormat] for a
// file that is none.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	a, err := open(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return a, nil
}

func open(f *os.File) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open archive: %w: it is no file", pmtiles.ErrFormat)
	}
	r, err := pmtiles.NewReader(f, info.Size())
	if err != nil {
		return nil, err
	}
	m, err := ReadMetadata(r)
	if err != nil {
		return nil, err
	}
	// An archive is written once. Its head has the lengths of all its parts, the
	// metadata when it was made.
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, 16<<10)); err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	fmt.Fprintf(h, "%d %d", info.Size(), info.ModTime().UnixNano())
	return &File{Reader: r, Metadata: m, Bytes: info.Size(), Modified: info.ModTime(),
		ETag: `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`, file: f, info: info}, nil
}

// Content reads the file's bytes.
func (f *File) Content() io.ReadSeeker { return io.NewSectionReader(f.file, 0, f.Bytes) }

// IsAt says whether the file at path is still this one.
func (f *File) IsAt(path string) bool {
	info, err := os.Stat(path)
	return err == nil && os.SameFile(info, f.info) && info.Size() == f.Bytes && info.ModTime().Equal(f.Modified)
}
