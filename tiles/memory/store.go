package memory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// ErrBudget: what was to be kept does not fit the memory that it may take.
var ErrBudget = errors.New("beyond the memory budget")

// ErrLost: the log names a row that is not where it says. The layer is not what
// the table is and must be loaded anew.
var ErrLost = errors.New("out of step with the log")

// Options of a [Store].
type Options struct {
	Budget int64 // bytes for all layers together; 0: no limit
	// LayerBudget gives the bytes that a layer may take at most; nil, or 0: as
	// many as the whole has.
	LayerBudget func(layer string) int64
}

// A Store holds layers. Any number of readers may ask it for tiles while one
// writer after the other changes it.
type Store struct {
	Options
	now     atomic.Pointer[state]
	write   sync.Mutex   // held by whoever makes the next state
	loading atomic.Int64 // bytes of the layers being loaded
	scratch sync.Pool
}

// A state is all layers after one transaction. It never changes.
type state struct {
	lsn    uint64
	layers map[string]*layer
}

// New returns a store without layers.
func New(o Options) *Store {
	s := &Store{Options: o}
	s.now.Store(&state{})
	s.scratch.New = func() any { return newScratch() }
	return s
}

// next begins a state. The caller holds the lock.
func (s *Store) next() *state {
	now := s.now.Load()
	n := &state{lsn: now.lsn, layers: maps.Clone(now.layers)}
	if n.layers == nil {
		n.layers = map[string]*layer{}
	}
	return n
}

// bytes is the memory of the layers, but for the one named.
func (st *state) bytes(but string) int64 {
	var sum int64
	for name, l := range st.layers {
		if name != but {
			sum += l.bytes()
		}
	}
	return sum
}

// fits says whether a layer may take so many bytes beside the others.
func (s *Store) fits(name string, bytes, others int64) error {
	most := s.Budget
	if s.LayerBudget != nil {
		if b := s.LayerBudget(name); b > 0 && bytes > b {
			return fmt.Errorf("%w of the layer: %d bytes of %d", ErrBudget, bytes, b)
		}
	}
	if most > 0 && bytes+others > most {
		return fmt.Errorf("%w: %d bytes beside %d of others, of %d", ErrBudget, bytes, others, most)
	}
	return nil
}

// LSN returns the place in the log of the last transaction applied.
func (s *Store) LSN() uint64 { return s.now.Load().lsn }

// Drop forgets a layer. Requests for it are no longer answered.
func (s *Store) Drop(name string) {
	s.write.Lock()
	defer s.write.Unlock()
	if _, ok := s.now.Load().layers[name]; !ok {
		return
	}
	n := s.next()
	delete(n.layers, name)
	s.now.Store(n)
}

// Info says what is held of a layer.
type Info struct {
	Name    string
	Version uint64
	Rows    int
	Bytes   int64
	Asked   int64 // parts of tiles made of it since it was loaded
}

// Layers lists what is held, by name.
func (s *Store) Layers() []Info {
	var out []Info
	for name, l := range s.now.Load().layers {
		out = append(out, Info{name, l.Version, l.rows, l.bytes(), l.asked.Load()})
	}
	slices.SortFunc(out, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Bytes returns the memory that layers take, those being loaded included.
func (s *Store) Bytes() int64 { return s.now.Load().bytes("") + s.loading.Load() }
