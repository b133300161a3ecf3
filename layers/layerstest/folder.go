package layerstest

import (
	"os"
	"syscall"
	"testing"
)

// inMemory is a file system in memory, which Linux has and containers make
// small. A database is over a thousand small files, made and removed for each
// test: in memory that costs a fifth.
const inMemory = "/dev/shm"

// roomBytes is what must be free in it: the tests of all packages at once
// stay below a third.
const roomBytes = 6 << 30

// Folder returns a new folder that PostgreSQL's user can reach, which
// t.TempDir is not: its parent is closed to others. The test's end removes it.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := MakeFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// MakeFolder is Folder for what is no test: who calls it removes it.
func MakeFolder() (string, error) {
	parent := "" // the machine's temporary folder
	var fs syscall.Statfs_t
	if err := syscall.Statfs(inMemory, &fs); err == nil && int64(fs.Bavail)*fs.Bsize >= roomBytes {
		parent = inMemory
	}
	dir, err := os.MkdirTemp(parent, "onemap-test-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}
