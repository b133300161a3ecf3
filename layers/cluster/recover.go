package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Recover makes a new data folder from a base backup: fill writes PostgreSQL's
// folder into dir, with the log that is to be replayed in its pg_wal. The server
// then replays it, up to where settings (recovery_target_…) say or else to its
// end, and begins a new timeline. Recover returns when the database answers.
// Stop the cluster when done with it; [Start] goes on with the folder.
//
// The folder must be empty or absent, and is so again where Recover fails. The
// error wraps [ErrFolder] where something is in it.
func Recover(ctx context.Context, opts Options, fill func(ctx context.Context, dir string) error, settings map[string]string) (_ *Cluster, err error) {
	made, err := mustBeEmpty(opts.Dir)
	if err != nil {
		return nil, err
	}
	c := create(ctx, opts)
	for name, value := range settings {
		c.extra = append(c.extra, "-c", name+"="+value)
	}
	// What is in the log is in no archive; and nobody may read what is not yet as it shall be.
	c.extra = append(c.extra, "-c", "restore_command=/bin/false", "-c", "hot_standby=off", "-c", "recovery_target_action=promote", "-c", "recovery_target_timeline=current")
	if err := c.openFolder(); err != nil {
		c.end()
		return nil, err
	}
	defer func() {
		if err != nil {
			c.end()
			empty(c.dir, made)
			c.lock.Close()
		}
	}()
	fresh := c.data + ".new"
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if err := fill(ctx, fresh); err != nil {
		return nil, err
	}
	if opts.Fast { // aside: an operator's settings are for another place
		if err := os.Remove(filepath.Join(fresh, "local.conf")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %w", ErrFolder, err)
		}
	}
	if err := os.WriteFile(filepath.Join(fresh, "recovery.signal"), nil, 0o600); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if err := c.giveAll(fresh); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if err := os.Rename(fresh, c.data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if err := c.start(ctx); err != nil {
		return nil, fmt.Errorf("replay the log: %w", err)
	}
	return c, nil
}

// mustBeEmpty says whether dir is absent; it is an error if something is in it.
func mustBeEmpty(dir string) (absent bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrFolder, err)
	case len(entries) > 0:
		return false, fmt.Errorf("%w: %s is not empty, and nothing is overwritten: name a new or empty folder", ErrFolder, dir)
	}
	return false, nil
}

// empty removes what we made in a folder that was empty, and the folder if we made it.
func empty(dir string, whole bool) {
	entries, _ := os.ReadDir(dir) // what is left is in the way of nothing but another try
	for _, e := range entries {
		_ = os.RemoveAll(filepath.Join(dir, e.Name()))
	}
	if whole {
		_ = os.Remove(dir)
	}
}

// giveAll hands a folder and all in it to the user who runs PostgreSQL, and
// brings it to the disk.
func (c *Cluster) giveAll(dir string) error {
	if c.owner != nil {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, int(c.owner.Uid), int(c.owner.Gid))
		})
		if err != nil {
			return err
		}
	}
	if !c.opts.Fast {
		syscall.Sync()
	}
	return nil
}
