package live

// latestFrom is how many frames wait for a client when the latest begins to win,
// of positions also where there is as much as one large frame: of where people are, and of which tiles are stale, only what is so now matters.
// Of everything else each event counts, and a client too slow for it is closed.
const latestFrom = 16

// positions is the layer that has a row for each person on duty and no history.
// They are written many at a time, several times a second: that is no reason to
// load a city's staff anew.
const positions = "worker"

// maxPositions is how many positions of one transaction come one by one.
const maxPositions = 5000

// eventText is one event as it stands in a frame.
type eventText struct {
	id   int64
	text []byte
}

// latestWins says whether of the group's events only the latest of each feature
// matters: where it is told of positions, and of nothing else.
func (g *group) latestWins() bool {
	return len(g.parts) == 1 && g.parts[0].layer.Name == positions && len(g.parts[0].open) == 0
}

// latestOf puts events in the place of those of the same features that wait for
// the same frame.
func (g *group) latestOf(events []eventText) {
	if g.at == nil {
		g.at = make(map[int64]int, len(events))
	}
	for _, e := range events {
		if i, waits := g.at[e.id]; waits {
			g.each[i] = e
			continue
		}
		g.at[e.id] = len(g.each)
		g.each = append(g.each, e)
	}
}

// latest makes one frame of several of a stream for a client that is behind.
type latest struct {
	stream string
	kind   string
	// Of positions the newest event of each feature, in the order of their first.
	order  []int64
	events map[int64][]byte
	cursor []byte
	// Of stale tiles no more than their layers: all that are open.
	layers []string
}

// newLatest begins with a frame that may be joined with later ones.
func newLatest(f *frame) *latest {
	l := &latest{stream: f.stream, kind: f.kind, layers: f.layers, events: map[int64][]byte{}}
	l.add(f)
	return l
}

// add takes in a later frame of the same stream and kind.
func (l *latest) add(f *frame) {
	l.cursor = f.cursor
	for _, e := range f.each {
		if _, known := l.events[e.id]; !known {
			l.order = append(l.order, e.id)
		}
		l.events[e.id] = e.text
	}
}

// size is about how many bytes it will be.
func (l *latest) size() int {
	n := 128
	for _, text := range l.events {
		n += len(text) + 1
	}
	return n
}

// frame writes it.
func (l *latest) frame() *frame {
	b := append([]byte(nil), `{"type":"`...)
	b = append(b, l.kind...)
	b = append(b, `","stream":"`...)
	b = append(b, l.stream...)
	b = append(b, `",`...)
	if l.kind == TypeEvents {
		b = append(b, `"events":[`...)
		for i, id := range l.order {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, l.events[id]...)
		}
		b = append(b, `],`...)
	} else {
		b = append(b, `"layers":{},"areas":{`...)
		first := true
		for _, name := range l.layers {
			b = appendName(b, &first, name)
			b = append(b, `null`...)
		}
		b = append(b, `},`...)
	}
	b = append(b, `"cursor":`...)
	b = append(b, l.cursor...)
	return &frame{kind: l.kind, data: append(b, '}')}
}

// weight is what a frame counts for where a client is judged too slow. A frame
// of positions cannot heap up: the next one is joined with it.
func (f *frame) weight() int {
	if len(f.each) > 0 {
		return min(len(f.data), maxFrame)
	}
	return len(f.data)
}

// joins says whether a frame may be joined with an earlier one of its stream.
func (f *frame) joins() bool { return f.kind == TypeStale && f.stream != "" || len(f.each) > 0 }

// join puts a frame together with those of its stream that wait, if it may, in
// the place of the first: what it says is true there too, only newer. It joins
// nothing across a message that says how a stream stands. The client is locked.
func (c *client) join(f *frame) bool {
	if !f.joins() || len(c.queue) < latestFrom && (len(f.each) == 0 || c.bytes+f.weight() <= maxFrame) {
		return false
	}
	// A cursor that a later frame had is left out: the one of the first stays true.
	same := func(q *queued) bool { return q.joins() && q.stream == f.stream && q.kind == f.kind }
	first := -1
	for i := len(c.queue) - 1; i >= 0; i-- {
		q := &c.queue[i]
		if q.kind != TypeEvents && q.kind != TypeStale && q.kind != TypeHeartbeat {
			break
		}
		if same(q) {
			first = i
		}
	}
	if first < 0 {
		return false
	}
	to := &c.queue[first]
	if to.latest == nil {
		to.latest = newLatest(to.frame)
	}
	kept := c.queue[:first+1]
	for _, q := range c.queue[first+1:] {
		if same(&q) {
			to.latest.add(q.frame)
			c.bytes -= q.size
			continue
		}
		kept = append(kept, q)
	}
	clear(c.queue[len(kept):])
	c.queue = kept
	to.latest.add(f)
	c.bytes -= to.size
	to.size = min(to.latest.size(), maxFrame)
	c.bytes += to.size
	return true
}
