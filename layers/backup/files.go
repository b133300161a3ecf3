package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A File is one of a folder that is copied beside the database.
type File struct {
	Path     string    `json:"path"` // photos/ab/…, uploads/…
	Bytes    int64     `json:"bytes"`
	SHA256   string    `json:"sha256"`
	Modified time.Time `json:"modified"`
}

func (f File) object() Object {
	return Object{Name: "files/" + f.SHA256[:2] + "/" + f.SHA256, Bytes: f.Bytes, SHA256: f.SHA256}
}

// takeFiles copies what the last backup did not have. A file whose size and
// time are as they were is the same: photos are named by their content, and
// uploads are written once.
func (t *taking) takeFiles(ctx context.Context, before []File) error {
	known, there := map[string]File{}, map[string]bool{}
	for _, f := range before {
		known[f.Path], there[f.SHA256] = f, true
	}
	var all []File
	for _, name := range slices.Sorted(maps.Keys(t.Folders)) {
		root, err := os.OpenRoot(t.Folders[name])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("folder of %s: %w", name, err)
		}
		err = fs.WalkDir(root.FS(), ".", func(at string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && (!d.Type().IsRegular() || strings.HasSuffix(at, part)) {
				return nil // swept meanwhile, or being written: no row knows it yet
			}
			if err != nil {
				return err
			}
			info, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			f := File{Path: path.Join(name, at), Bytes: info.Size(), Modified: info.ModTime().UTC()}
			if old, ok := known[f.Path]; ok && old.Bytes == f.Bytes && old.Modified.Equal(f.Modified) {
				f.SHA256 = old.SHA256
			} else if f.SHA256, f.Bytes, err = t.takeFile(ctx, root, at, there); errors.Is(err, fs.ErrNotExist) {
				return nil
			} else if err != nil {
				return fmt.Errorf("copy %s: %w", f.Path, err)
			}
			all = append(all, f)
			t.m.FileBytes += f.Bytes
			t.Progress.say("files", int64(len(all)), 0)
			return ctx.Err()
		})
		if err = errors.Join(err, root.Close()); err != nil {
			return err
		}
	}
	t.m.FileCount = len(all)
	return t.putList(ctx, all)
}

// takeFile copies a file unless the target has its content, by its hash.
func (t *taking) takeFile(ctx context.Context, root *os.Root, at string, there map[string]bool) (sum string, size int64, err error) {
	in, err := root.Open(at)
	if err != nil {
		return "", 0, err
	}
	defer in.Close()
	h := sha256.New()
	if size, err = io.Copy(h, withContext{ctx, in}); err != nil {
		return "", 0, err
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if there[sum] {
		return sum, size, nil
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	want := File{SHA256: sum, Bytes: size}.object()
	// Read as it is compared: what changes meanwhile is not kept under a name that is not its own.
	err = t.Target.Put(ctx, want.Name, &checked{hashing{r: io.LimitReader(in, size), h: sha256.New()}, in, want}, size)
	if errors.Is(err, ErrTorn) {
		return "", 0, errors.New("it is being written while it is copied: take the backup again")
	}
	there[sum] = true
	t.m.NewFiles++
	t.m.NewBytes += size
	return sum, size, err
}

func (t *taking) putList(ctx context.Context, all []File) error {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	e := json.NewEncoder(z)
	for _, f := range all {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	t.m.Files, err = put(ctx, t.Target, "lists/"+hex.EncodeToString(sum[:])+".zst", &b, int64(b.Len()))
	return err
}

// files reads a manifest's list.
func files(ctx context.Context, t Target, m Manifest) (all []File, err error) {
	r, err := get(ctx, t, m.Files)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	all, err = decodeList(z, m)
	return all, whether(r, err)
}

func decodeList(z io.Reader, m Manifest) (all []File, err error) {
	for d := json.NewDecoder(z); ; {
		var f File
		err := d.Decode(&f)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: list of files of %s: %w", ErrTorn, m.ID, err)
		}
		if len(f.SHA256) != 64 || !filepath.IsLocal(f.Path) {
			return nil, fmt.Errorf("%w: list of files of %s", ErrTorn, m.ID)
		}
		all = append(all, f)
	}
}
