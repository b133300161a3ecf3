package backup

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// A Target keeps objects by name. Names are of letters, digits, points and
// dashes, with slashes between.
type Target interface {
	// Put stores an object whole or not at all, in place of one with its name.
	// size is -1 where it is not known.
	Put(ctx context.Context, name string, r io.Reader, size int64) error
	// Get opens an object; the error wraps fs.ErrNotExist where there is none.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// List returns the names that begin with prefix, with their sizes in bytes.
	List(ctx context.Context, prefix string) (map[string]int64, error)
	// Remove takes an object away; one that is not there is no error.
	Remove(ctx context.Context, name string) error
	// String is its address, without secrets.
	String() string
}

// Open opens a target by its address: s3://BUCKET/PREFIX or a folder. With
// create, a folder is made where there is none.
func Open(address string, s3 S3, create bool) (Target, error) {
	rest, ok := strings.CutPrefix(address, "s3://")
	if !ok {
		if strings.Contains(address, "://") {
			return nil, fmt.Errorf("%q: a folder or s3://BUCKET/PREFIX", address)
		}
		return openFolder(address, create)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	return s3.open(bucket, strings.Trim(prefix, "/"))
}
