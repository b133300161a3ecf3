package cluster

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxSocketPath is the longest path of a unix socket: sun_path of unix(7) has
// 108 bytes with the closing zero.
const maxSocketPath = 107

// openFolder makes the data folder where it is new, takes its lock, and finds
// out who shall run PostgreSQL.
//
// Where we are root, the folder stays root's and is open to be passed through
// by PostgreSQL's group (mode 710): a folder that PostgreSQL owned would let it
// lay links in our way. Else it is ours alone (mode 700).
func (c *Cluster) openFolder() error {
	dir, err := filepath.Abs(c.opts.Dir)
	if err != nil || c.opts.Dir == "" {
		return fmt.Errorf("%w: %q is no path", ErrFolder, c.opts.Dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%w: %w: run onemap as a user who may write there, or choose another folder with --data", ErrFolder, err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	c.dir, c.data = dir, filepath.Join(dir, "pg")
	if err := checkOwnFolder(dir); err != nil {
		return err
	}
	gid, mode := -1, fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		if c.owner, err = postgresUser(c.opts.User); err != nil {
			return err
		}
		gid, mode = int(c.owner.Gid), 0o710
	}
	if c.lock, err = takeLock(dir); err != nil {
		return err
	}
	err = errors.Join(os.Chown(dir, os.Geteuid(), gid), os.Chmod(dir, mode))
	if err == nil {
		err = c.reachable()
	}
	if err == nil {
		err = c.makeRunFolder()
	}
	if err != nil {
		c.lock.Close()
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return nil
}

// checkOwnFolder refuses a folder that has something else in it, before its
// rights are changed, and one that another user's onemap has made.
func checkOwnFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%w: %w: it may belong to another user; run onemap as that user, or choose another folder with --data", ErrFolder, err)
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(dir, lockName)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is not empty and onemap did not make it: choose an empty or new folder with --data", ErrFolder, dir)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != os.Geteuid() {
		return fmt.Errorf("%w: %s belongs to %s: run onemap as that user, or choose another folder with --data", ErrFolder, dir, userName(uid))
	}
	return nil
}

// postgresUser returns who runs PostgreSQL for root: initdb refuses root.
func postgresUser(name string) (*syscall.Credential, error) {
	if name == "" {
		name = "postgres"
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("%w: PostgreSQL does not run as root and there is no user %q: %s", ErrMissing, name, installHint)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	if uid == 0 {
		return nil, fmt.Errorf("%w: PostgreSQL does not run as root: name another user", ErrFolder)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Reachable says whether the way to the data folder dir, which need not be
// there yet, is open to PostgreSQL, or names the folder that is closed to it. The
// rights of dir itself are [Start]'s to set. It looks and changes nothing.
func Reachable(dir string) error {
	if os.Geteuid() != 0 {
		return nil // it runs as ourselves
	}
	owner, err := postgresUser("")
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	c := &Cluster{dir: filepath.Dir(dir), owner: owner}
	for !exists(c.dir) && c.dir != filepath.Dir(c.dir) {
		c.dir = filepath.Dir(c.dir)
	}
	return c.reachable()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// reachable checks, as the user who runs PostgreSQL, that the way to the
// folder is open, and names the first folder that is closed.
func (c *Cluster) reachable() error {
	if c.owner == nil || c.mayEnter(c.dir) {
		return nil
	}
	closed := c.dir
	for at := c.dir; !c.mayEnter(at); at = filepath.Dir(at) {
		closed = at
		if at == filepath.Dir(at) {
			break
		}
	}
	return fmt.Errorf("PostgreSQL runs as user %s, who cannot reach %s because %s is closed to others: "+
		"choose a folder outside it, as --data /var/lib/onemap, or open the way with: chmod o+x %s",
		userName(c.owner.Uid), c.dir, closed, closed)
}

// mayEnter asks the system itself, which knows about access lists too.
func (c *Cluster) mayEnter(dir string) bool {
	cmd := exec.Command("/usr/bin/test", "-x", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return cmd.Run() == nil
}

// makeRunFolder makes the folder of the unix socket: in the data folder, or,
// where that is too long a path for a socket, a short one made from its hash.
func (c *Cluster) makeRunFolder() error {
	c.run = filepath.Join(c.dir, "run")
	if len(filepath.Join(c.run, ".s.PGSQL.65535")) > maxSocketPath {
		h := fnv.New64a()
		h.Write([]byte(c.dir))
		base := os.Getenv("XDG_RUNTIME_DIR")
		if os.Geteuid() == 0 {
			base = "/run"
		}
		if base == "" || len(base) > 60 {
			base = "/tmp"
		}
		c.run = filepath.Join(base, fmt.Sprintf("onemap-%d-%x", os.Geteuid(), h.Sum64()))
	}
	if err := os.Mkdir(c.run, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// /tmp is open to all: another user may have made the folder before us.
	info, err := os.Lstat(c.run)
	if err != nil {
		return err
	}
	uid := info.Sys().(*syscall.Stat_t).Uid
	if !info.IsDir() || int(uid) != os.Geteuid() && uid != c.ownerUID() {
		return fmt.Errorf("%s is needed for the unix socket, but belongs to %s: remove it", c.run, userName(uid))
	}
	return c.give(c.run, 0o700)
}

// give hands a file or folder over to the user who runs PostgreSQL.
func (c *Cluster) give(path string, mode fs.FileMode) error {
	if c.owner != nil {
		if err := os.Lchown(path, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(path, mode)
}

func (c *Cluster) ownerUID() uint32 {
	if c.owner != nil {
		return c.owner.Uid
	}
	return uint32(os.Geteuid())
}

func userName(uid uint32) string {
	if u, err := user.LookupId(strconv.Itoa(int(uid))); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user number %d", uid)
}
