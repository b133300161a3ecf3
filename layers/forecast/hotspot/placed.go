package hotspot

import (
	"context"
	"sync"
)

// placed are events with the cells that hold them, found once for all models.
// Those outside the city are left out.
type placed struct {
	day         []float64
	cell, pixel []int32
	levels      *levels

	known  []float64 // the day on which each became known; nil: at once
	states *states   // what was known at some cuts
	late   bool      // it is what was known at a cut, of more that had happened
	delay  *delay    // of those that were known; nil: none, or too few to tell
}

// levels keeps the city's level at the cuts that were asked for last: all
// models of one cut share it.
type levels struct {
	mu   sync.Mutex
	kept map[float64]level
}

// level is the city's level at a cut, by the events before it.
func (p placed) level(until float64) level {
	p.levels.mu.Lock()
	defer p.levels.mu.Unlock()
	l, ok := p.levels.kept[until]
	if !ok {
		if len(p.levels.kept) > 64 { // a roll asks for one after the other
			clear(p.levels.kept)
		}
		l = levelOf(p.day[:firstAt(p.day, until)], until, p.delay)
		p.levels.kept[until] = l
	}
	return l
}

// place finds the cells of events, which are sorted.
func place(s *Space, events []Event) placed {
	p := placed{
		day:  make([]float64, 0, len(events)),
		cell: make([]int32, 0, len(events)), pixel: make([]int32, 0, len(events)),
		levels: &levels{kept: map[float64]level{}},
	}
	for _, e := range events {
		c := s.CellAt(e.At)
		if c < 0 {
			continue
		}
		at := int32(s.pixelAt(e.At))
		if s.owner[at] < 0 { // a governance grid's corner of a pixel that is not its own
			at = s.pixelOf[c]
		}
		p.day, p.cell, p.pixel = append(p.day, e.Day), append(p.cell, int32(c)), append(p.pixel, at)
	}
	return p
}

// before returns the events before a cut that were known at it.
func (p placed) before(cut float64) placed {
	if p.known != nil {
		return p.states.at(p, cut)
	}
	n := firstAt(p.day, cut)
	q := p
	q.day, q.cell, q.pixel = p.day[:n], p.cell[:n], p.pixel[:n]
	return q
}

func (p placed) len() int { return len(p.day) }

// start is the first day of the history, or the cut if there is none.
func (p placed) start(cut float64) float64 {
	if len(p.day) == 0 {
		return cut
	}
	return p.day[0]
}

// firstAt is the index of the first day that is not before the cut.
func firstAt(days []float64, cut float64) int {
	lo, hi := 0, len(days)
	for lo < hi {
		if mid := (lo + hi) / 2; days[mid] < cut {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// A local model is one of this package's: it is fitted on placed events, and
// what it gives moves to a later cut.
type local interface {
	Model
	fit(ctx context.Context, s *Space, past placed, until float64) (localFitted, error)
}

type localFitted interface {
	Fitted
	move(ctx context.Context, past placed, until float64) (localFitted, error)
	space() *Space
}

// fitLocal is Fit of every local model.
func fitLocal(ctx context.Context, m local, s *Space, past []Event, until float64) (Fitted, error) {
	if err := Check(past, until); err != nil {
		return nil, err
	}
	f, err := m.fit(ctx, s, place(s, past), until)
	if err != nil {
		return nil, err
	}
	return mover{f}, nil
}

// mover gives a local fitted model its public Move.
type mover struct{ localFitted }

// Move implements [Mover].
func (m mover) Move(ctx context.Context, past []Event, until float64) (Fitted, error) {
	if err := Check(past, until); err != nil {
		return nil, err
	}
	f, err := m.move(ctx, place(m.space(), past), until)
	if err != nil {
		return nil, err
	}
	return mover{f}, nil
}

// Parameters implements [Told] where the model has some to tell.
func (m mover) Parameters() map[string]float64 {
	if t, ok := m.localFitted.(Told); ok {
		return t.Parameters()
	}
	return nil
}
