package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A workshop is the folder beside an export in which it is made. It remembers
// which layers are finished, so that the same export goes on where it was
// interrupted.
type workshop struct {
	dir  string
	lock *os.File

	Request string                     `json:"request"` // a hash of what was asked
	Done    map[string]json.RawMessage `json:"done"`    // layer -> what is known of it
}

// openWorkshop opens the folder, or makes it. What is there of another request
// is thrown away if anew says so, and else an error.
func openWorkshop(dir string, request any, anew bool) (*workshop, error) {
	b, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	want := hex.EncodeToString(sum[:])
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	w := &workshop{dir: dir}
	if w.lock, err = os.OpenFile(w.path("lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(w.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		w.lock.Close()
		return nil, fmt.Errorf("another export is writing to %s", dir)
	}
	b, err = os.ReadFile(w.path("manifest.json"))
	if err == nil {
		err = json.Unmarshal(b, w)
	}
	switch {
	case anew, errors.Is(err, os.ErrNotExist):
	case err != nil:
		w.lock.Close()
		return nil, fmt.Errorf("%s holds no export that could go on (%w): add --anew to throw it away", dir, err)
	case w.Request != want:
		w.lock.Close()
		return nil, fmt.Errorf("%s holds what is finished of another export: repeat that one, or add --anew to throw it away", dir)
	default:
		return w, nil
	}
	w.Request, w.Done = want, map[string]json.RawMessage{}
	if err := w.clear(); err != nil {
		w.lock.Close()
		return nil, err
	}
	return w, w.save()
}

func (w *workshop) path(name string) string { return filepath.Join(w.dir, name) }

// clear removes all that is in the folder but the lock.
func (w *workshop) clear() error {
	all, err := os.ReadDir(w.dir)
	for _, e := range all {
		if e.Name() != "lock" {
			err = errors.Join(err, os.RemoveAll(w.path(e.Name())))
		}
	}
	return err
}

// finished reads what is known of a layer into v, and says whether there is anything.
func (w *workshop) finished(layer string, v any) bool {
	b, ok := w.Done[layer]
	return ok && json.Unmarshal(b, v) == nil
}

// finish remembers that a layer is finished.
func (w *workshop) finish(layer string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Done[layer] = b
	return w.save()
}

func (w *workshop) save() error {
	b, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	next := w.path("manifest.json.next")
	if err := os.WriteFile(next, b, 0o644); err != nil {
		return err
	}
	return os.Rename(next, w.path("manifest.json"))
}

// close lets go of the folder, and removes it where nothing in it is worth
// keeping.
func (w *workshop) close(whole bool) {
	if whole || len(w.Done) == 0 {
		os.RemoveAll(w.dir)
	}
	w.lock.Close()
}
