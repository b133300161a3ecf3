package live

// latestFrom is how many frames wait for a client when the latest begins to win:
// of where people are, and of which tiles are stale, only what is so now matters.
// Of everything else each event counts, and a client too slow for it is closed.
const latestFrom = 16

// positions is the layer that has a row for each person on duty and no history.
const positions = "worker"

// eventText is one event as it stands in a frame.
type eventText struct {
	id   int64
	text []byte
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

// joins says whether a frame may be joined with an earlier one of its stream.
func (f *frame) joins() bool { return f.kind == TypeStale && f.stream != "" || len(f.each) > 0 }

// join puts a frame together with those of its stream that wait, if it may, in
// the place of the first: what it says is true there too, only newer. It joins
// nothing across a message that says how a stream stands. The client is locked.
func (c *client) join(f *frame) bool {
	if len(c.queue) < latestFrom || !f.joins() {
		return false
	}
	same := func(q *queued) bool {
		return q.joins() && q.stream == f.stream && q.kind == f.kind && q.cursor.IsZero()
	}
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
	to.size = to.latest.size()
	c.bytes += to.size
	return true
}
