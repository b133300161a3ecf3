package memory

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// A Loader builds a layer aside, from rows in any order. It is for one
// goroutine.
type Loader struct {
	store    *Store
	schema   *schema
	staging  *staging
	keys     []keyed
	reserved int64 // bytes, as the store knows
	err      error
	done     bool
}

// Load begins to build a layer. The one of that name that is held, if any, goes
// on until the new one is installed.
func (s *Store) Load(l Layer) *Loader {
	sc, err := newSchema(l)
	if err != nil {
		return &Loader{store: s, err: err}
	}
	d := newDictionary()
	return &Loader{store: s, schema: sc, staging: newStaging(sc, d, newBuilder(sc, d.at))}
}

// firstSpell is after how many rows it is decided, the first time, which texts
// are worth a dictionary; then whenever there are twice as many.
const firstSpell = 64 * blockRowsMax

// Add takes a row. It returns an error wrapping [ErrBudget] when the layer does
// not fit, and then, as after any other error, the load is over: Abandon it.
func (l *Loader) Add(r *Row) error {
	if l.err != nil {
		return l.err
	}
	l.err = l.add(r)
	return l.err
}

func (l *Loader) add(r *Row) error {
	at, err := l.schema.place(r)
	if errors.Is(err, errNoPlace) {
		return nil
	}
	if err == nil {
		err = l.staging.add(r, at)
	}
	if err != nil {
		return fmt.Errorf("layer %s: %w", l.schema.Name, err)
	}
	l.keys = append(l.keys, keyed{at.key.place, uint32(len(l.keys))})
	n := len(l.keys)
	if n%blockRowsMax != 0 {
		return nil
	}
	if n >= firstSpell && n&(n-1) == 0 {
		l.staging.spell()
	}
	return l.reserve(l.staging.bytes + l.staging.dict.bytes)
}

// reserve tells the store how much the load takes.
func (l *Loader) reserve(bytes int64) error {
	l.store.loading.Add(bytes - l.reserved)
	l.reserved = bytes
	if err := l.store.fits(l.schema.Name, bytes, l.store.now.Load().bytes(l.schema.Name)+l.store.loading.Load()-bytes); err != nil {
		return fmt.Errorf("layer %s: %w", l.schema.Name, err)
	}
	return nil
}

// Rows returns how many rows were added that have a place.
func (l *Loader) Rows() int { return len(l.keys) }

// Abandon ends the load and keeps nothing. After Install it does nothing.
func (l *Loader) Abandon() {
	if l.done {
		return
	}
	l.done = true
	l.store.loading.Add(-l.reserved)
	l.reserved, l.staging, l.keys = 0, nil, nil
}

// A Later is what a transaction did to a layer while it was being loaded.
type Later struct {
	LSN  uint64
	Rows []Change
}

// Install makes the rows added a layer of the store, in place of the one of
// that name: as they were at lsn, and then changed by what later transactions
// did. Readers see it with all of that, or not yet. The caller sees to it that
// the store's other layers are at the same place of the log when it applies the
// next transaction. Errors are those of Add and of [Store.Apply]; then
// nothing is installed. The load is over either way.
func (l *Loader) Install(lsn uint64, later ...Later) error {
	defer l.Abandon()
	if l.err != nil {
		return l.err
	}
	if l.done {
		return errors.New("this load is over")
	}
	ly := l.build()
	for _, t := range later {
		var err error
		if ly, err = ly.apply(t.Rows); err != nil {
			return fmt.Errorf("layer %s: %w", ly.Name, err)
		}
		lsn = max(lsn, t.LSN)
	}
	s := l.store
	s.write.Lock()
	defer s.write.Unlock()
	n := s.next()
	others := n.bytes(ly.Name) + s.loading.Load() - l.reserved
	if err := s.fits(ly.Name, ly.bytes(), others); err != nil {
		return fmt.Errorf("layer %s: %w", ly.Name, err)
	}
	n.layers[ly.Name] = ly
	n.lsn = max(n.lsn, lsn)
	s.now.Store(n)
	return nil
}

// build sorts the rows and makes their blocks, on all processors.
func (l *Loader) build() *layer {
	st := l.staging
	st.seal()
	if len(l.keys) >= blockRowsMax {
		st.spell()
	}
	keys := sortKeyed(l.keys)
	l.keys = nil
	byID(st, keys)
	n := (len(keys) + st.usual - 1) / st.usual
	blocks, firsts := make([]*block, n), make([]rowKey, n)
	texts := st.dict.at
	var wg sync.WaitGroup
	workers := max(1, min(runtime.GOMAXPROCS(0), n/8))
	for w := range workers {
		wg.Go(func() {
			bl := newBuilder(l.schema, texts)
			rows := make([]ref, 0, st.usual)
			for i := w; i < n; i += workers {
				rows = rows[:0]
				for _, k := range keys[i*len(keys)/n : (i+1)*len(keys)/n] {
					rows = append(rows, st.at(int(k.i)))
				}
				blocks[i] = bl.build(rows)
				firsts[i] = blocks[i].key(l.schema.points, 0)
			}
		})
	}
	wg.Wait()
	ly := &layer{schema: l.schema, writer: &writer{dict: st.dict, build: st.build}, words: st.dict.view()}
	ly.setPages(st.build.paged(nil, blocks, firsts, pageBlocks, pageBlocks))
	ly.known.Store(st.dict.bytes)
	return ly
}

// byID orders rows of one place by their ids.
func byID(st *staging, keys []keyed) {
	for i := 0; i < len(keys); {
		j := i + 1
		for j < len(keys) && keys[j].place == keys[i].place {
			j++
		}
		if j-i > 1 {
			slices.SortFunc(keys[i:j], func(a, b keyed) int {
				ra, rb := st.at(int(a.i)), st.at(int(b.i))
				return rowKey{0, ra.b.id(ra.i)}.compare(rowKey{0, rb.b.id(rb.i)})
			})
		}
		i = j
	}
}
