package live

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"onemap/layers"
	"onemap/layers/access"
)

const (
	readLimit    = 64 << 10 // of a client's message
	writeTimeout = 10 * time.Second
	pingEvery    = 20 * time.Second
	pongTimeout  = 2*pingEvery + 5*time.Second // two unanswered pings
	// A client may send so many messages at once, and so many a second after that.
	messageBurst = 100
	messageRate  = 20
)

// upgrader keeps the default CheckOrigin: pages of other sites may not use a
// visitor's session. Only shared frames are compressed, once for all.
var upgrader = websocket.Upgrader{
	ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
	HandshakeTimeout: 10 * time.Second, EnableCompression: true,
}

func (h *Hub) callerOf(rescope func(context.Context) (access.Scope, error)) caller {
	return func(ctx context.Context) (rights, error) {
		s, err := rescope(ctx)
		if err != nil {
			return nil, err
		}
		return func(l layers.Layer) (access.Right, bool) {
			right, visible := s.Layer(l)
			if visible && l.AskReason && h.Looked != nil {
				if err := h.Looked(ctx, s, l); err != nil {
					return access.Right{}, false // no look without a record
				}
			}
			return right, visible
		}, nil
	}
}

// ServeWS makes the request a WebSocket and serves it until it ends. rescope
// finds the caller's scope as it is now, and returns
// [access.ErrUnauthenticated] when the session has ended. It is asked for each
// subscription and when rights change: of the scope of the request only counts
// whether it is the public's.
func (h *Hub) ServeWS(w http.ResponseWriter, r *http.Request, scope access.Scope, rescope func(context.Context) (access.Scope, error)) {
	_, staff := scope.Person()
	h.serveWS(w, r, h.callerOf(rescope), !staff)
}

func (h *Hub) serveWS(w http.ResponseWriter, r *http.Request, who caller, public bool) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	c := newClient(who)
	c.public = public
	h.connect(c)
	defer h.disconnect(c)

	written := make(chan struct{})
	go func() {
		defer close(written)
		writeWS(ctx, conn, c)
		conn.Close() // wakes the reader
	}()
	h.readWS(ctx, conn, c)
	c.close(websocket.CloseNormalClosure, "")
	cancel()
	<-written
}

// readWS reads the client's messages until the connection ends.
func (h *Hub) readWS(ctx context.Context, conn *websocket.Conn, c *client) {
	conn.SetReadLimit(readLimit)
	conn.SetReadDeadline(time.Now().Add(pongTimeout))
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(pongTimeout)) })
	allowed, since := float64(messageBurst), time.Now()
	for {
		kind, b, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if c.closed() != 0 {
			continue // the writer says so and closes the connection
		}
		now := time.Now()
		allowed = min(messageBurst, allowed+now.Sub(since).Seconds()*messageRate) - 1
		since = now
		if allowed < 0 {
			c.close(CloseTooMany, "too many messages")
			continue
		}
		if kind != websocket.TextMessage {
			h.refuse(c, "", &layers.InputError{Field: "message", Remedy: "text, not binary"})
			continue
		}
		h.message(ctx, c, b)
	}
}

// writeWS is the connection's one writer.
func writeWS(ctx context.Context, conn *websocket.Conn, c *client) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ping.C:
			if conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) != nil {
				return
			}
		case <-c.ready:
		}
		for {
			q, ok, code, reason := c.take()
			if !ok {
				if code == 0 {
					break
				}
				_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
				linger(ctx, c, code)
				return
			}
			if writeFrame(conn, q) != nil {
				return
			}
		}
	}
}

// linger lets the client read the close code before the connection goes: closing it
// with something unread would reset it. Its answer ends ctx.
func linger(ctx context.Context, c *client, code int) {
	if code == websocket.CloseNormalClosure {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

// compressFrom is the length in bytes from which a shared frame is compressed.
const compressFrom = 1024

func writeFrame(conn *websocket.Conn, q queued) error {
	conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if q.prepared != nil {
		conn.EnableWriteCompression(len(q.data) >= compressFrom)
		return conn.WritePreparedMessage(q.prepared)
	}
	conn.EnableWriteCompression(false)
	return conn.WriteMessage(websocket.TextMessage, q.data)
}
