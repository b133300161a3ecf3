package live

import (
	"context"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// What may wait for a client; with more it is too slow.
const (
	queueFrames = 256
	queueBytes  = 1 << 20
)

// A frame is one message, shared by all who get it.
type frame struct {
	kind     string // its type, the name of the server-sent event
	data     []byte
	prepared *websocket.PreparedMessage // where several get it

	// Of a frame that may be joined with others where a client is slow: see latest.
	stream string
	cursor []byte      // as JSON
	each   []eventText // of positions
	layers []string    // of stale tiles
}

func newFrame(kind string, data []byte, readers int) *frame {
	f := &frame{kind: kind, data: data}
	if readers > 1 {
		// It fails only for message types that are none.
		f.prepared, _ = websocket.NewPreparedMessage(websocket.TextMessage, data)
	}
	return f
}

// queued is a frame on its way to one client. cursor, if set, says that
// everything up to it was sent with this frame.
type queued struct {
	*frame
	cursor feed.Cursor
	latest *latest // frame and later ones of its stream, joined
	size   int     // in bytes, as far as they count
}

// rights is what someone may see of a layer; false: not even that it exists.
type rights func(layers.Layer) (access.Right, bool)

// caller returns the rights of whose connection it is, as they are now;
// [access.ErrUnauthenticated] if the session has ended.
type caller func(context.Context) (rights, error)

// client is one connection. The hub puts frames into its queue and never
// waits; its transport takes them out.
type client struct {
	ready chan struct{} // something is in the queue, or it is closed

	mu     sync.Mutex
	queue  []queued
	bytes  int
	code   int // why it is closed; 0: open
	reason string

	again  caller
	public bool // nobody was signed in when it came

	// Guarded by the hub's mutex.
	subs          map[string]*subscription
	pending       []*frame  // of the hand-out at hand
	checked       time.Time // when its rights were last known to hold
	wantsIDs, ids bool      // server-sent events: their ids
}

func newClient(c caller) *client {
	return &client{ready: make(chan struct{}, 1), again: c, subs: map[string]*subscription{}, checked: time.Now()}
}

// send queues frames; the last one has the cursor. It closes a client that is
// too slow, and says whether it did.
func (c *client) send(cursor feed.Cursor, frames ...*frame) (slow bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 {
		return false
	}
	for i, f := range frames {
		if c.join(f) {
			continue
		}
		// A single frame may be larger than the limit: where nothing waits, nobody is slow.
		if len(c.queue) >= queueFrames || len(c.queue) > 0 && c.bytes+f.weight() > queueBytes {
			c.closeLocked(CloseSlow, "too slow: reconnect with your cursors")
			return true
		}
		q := queued{frame: f, size: f.weight()}
		if i == len(frames)-1 {
			q.cursor = cursor
		}
		c.queue = append(c.queue, q)
		c.bytes += q.size
	}
	c.signal()
	return false
}

// close ends the connection with a close code. What is queued is still sent,
// but for a client that is too slow.
func (c *client) close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == 0 {
		c.closeLocked(code, reason)
	}
}

func (c *client) closeLocked(code int, reason string) {
	c.code, c.reason = code, reason
	if code == CloseSlow {
		c.queue, c.bytes = nil, 0
	}
	c.signal()
}

func (c *client) signal() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// take returns the next frame. With none it says whether the client is closed,
// and why.
func (c *client) take() (q queued, ok bool, code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return queued{}, false, c.code, c.reason
	}
	q = c.queue[0]
	c.queue[0] = queued{}
	c.queue = c.queue[1:]
	if len(c.queue) == 0 {
		c.queue = nil
	}
	c.bytes -= q.size
	if q.latest != nil {
		q.frame = q.latest.frame()
	}
	return q, true, 0, ""
}

// closed returns the close code, 0 while open.
func (c *client) closed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}
