package bench

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// notifier is the baseline: a server that LISTENs and writes to each socket.
type notifier struct {
	url   string
	ln    net.Listener
	stop  context.CancelFunc
	mu    sync.Mutex
	conns map[*websocket.Conn]bool
	done  chan struct{}
}

func newNotifier(ctx context.Context, db *pgxpool.Pool) (*notifier, error) {
	if _, err := db.Exec(ctx, `CREATE FUNCTION map.bench_notify() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN PERFORM pg_notify(''bench'', NEW.id::text); RETURN NULL; END';
		CREATE TRIGGER bench_notify AFTER INSERT ON map.incident FOR EACH ROW EXECUTE FUNCTION map.bench_notify()`); err != nil {
		return nil, err
	}
	listen, err := pgx.ConnectConfig(ctx, db.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := listen.Exec(ctx, `LISTEN bench`); err != nil {
		return nil, err
	}
	n := &notifier{conns: map[*websocket.Conn]bool{}, done: make(chan struct{})}
	if n.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	n.url = "ws://" + n.ln.Addr().String()
	up := websocket.Upgrader{}
	go http.Serve(n.ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:errcheck // it ends with its listener
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.conns[c] = true
		n.mu.Unlock()
		for { // until the client leaves
			if _, _, err := c.ReadMessage(); err != nil {
				n.mu.Lock()
				delete(n.conns, c)
				n.mu.Unlock()
				return
			}
		}
	}))
	ctx, n.stop = context.WithCancel(ctx)
	go func() {
		defer close(n.done)
		defer listen.Close(context.WithoutCancel(ctx))
		for {
			note, err := listen.WaitForNotification(ctx)
			if err != nil {
				return
			}
			n.send(ctx, db, note.Payload)
		}
	}()
	return n, nil
}

// send reads the row once and encodes it for each socket.
func (n *notifier) send(ctx context.Context, db *pgxpool.Pool, id string) {
	var row map[string]any
	if err := db.QueryRow(ctx, `SELECT jsonb_build_object('id', id, 'class_code', class_code, 'severity', severity, 'state', state,
		'occurred_at', occurred_at, 'geometry', ST_AsGeoJSON(geom)::jsonb) FROM map.incident WHERE id = $1::bigint`, id).Scan(&row); err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		_ = c.WriteJSON(row)
	}
}

func (n *notifier) follow(ctx context.Context, r *run, i int) (func(), error) {
	return r.read(ctx, n.url, nil, i, nil, []byte(`"id":`))
}

func (n *notifier) close() {
	n.stop()
	<-n.done
	n.ln.Close()
}
