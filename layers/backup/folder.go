package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// folder is a target in the file system, better on another machine's disk.
type folder struct {
	root *os.Root
	dir  string
}

func openFolder(dir string, create bool) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("folder of the backup: %w", err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of the backup: %w", err)
	}
	return &folder{root, dir}, nil
}

func (f *folder) String() string { return f.dir }

// part ends the name of what is being written.
const part = ".part"

func (f *folder) Put(ctx context.Context, name string, r io.Reader, _ int64) error {
	if err := f.root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	making := name + part
	out, err := f.root.OpenFile(making, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, withContext{ctx, r})
	if err == nil {
		err = out.Sync()
	}
	err = errors.Join(err, out.Close())
	if err == nil {
		err = f.root.Rename(making, name)
	}
	if err != nil {
		_ = f.root.Remove(making)
		return err
	}
	return f.sync(path.Dir(name))
}

// sync makes a new name survive a crash.
func (f *folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f *folder) Get(_ context.Context, name string) (io.ReadCloser, error) { return f.root.Open(name) }

func (f *folder) List(ctx context.Context, prefix string) (map[string]int64, error) {
	all := map[string]int64{}
	err := fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/") {
				return fs.SkipDir
			}
			return ctx.Err()
		}
		if strings.HasPrefix(name, prefix) {
			info, err := d.Info()
			if err != nil {
				return err
			}
			all[name] = info.Size()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", f.dir, err)
	}
	return all, nil
}

func (f *folder) Remove(_ context.Context, name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// withContext ends reading when ctx does.
type withContext struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	r   io.Reader
}

func (w withContext) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}
