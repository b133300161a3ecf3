package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
)

// liveData opens the database and keeps an incident to make others of.
func liveData(ctx context.Context, dbURL string) (*pgxpool.Pool, error) {
	db, err := layers.Open(ctx, dbURL)
	if err != nil {
		return nil, err
	}
	_, err = db.Exec(ctx, `CREATE TABLE bench_incident AS SELECT class_standard, class_code, severity, source, grid_code, area_code FROM map.incident ORDER BY id LIMIT 1`)
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func store(at *int64, d time.Duration) { atomic.CompareAndSwapInt64(at, 0, int64(d)) }

// tileEvents gives each event a place in a tile of zoom 15 whose next event is
// long after it, so that a message of a stale tile tells of which event it is.
type tileEvents struct {
	places [][2]float64
	tiles  [][2]uint32
	of     map[[2]uint32][]int // the events of a tile, in their order
}

const tileEventZoom = 15

func newTileEvents() *tileEvents {
	t := &tileEvents{places: make([][2]float64, liveEvents), tiles: make([][2]uint32, liveEvents), of: map[[2]uint32][]int{}}
	n := math.Exp2(tileEventZoom)
	x0 := int((cityLon - halfWide + 180) / 360 * n)
	columns := int(2 * halfWide / 360 * n)
	row := func(lat float64) float64 {
		return (0.5 - math.Log(math.Tan(math.Pi/4+lat*math.Pi/360))/(2*math.Pi)) * n
	}
	y0 := int(row(cityLat + halfTall))
	rows := int(row(cityLat-halfTall)) - y0
	r := rand.New(rand.NewPCG(1, 2))
	order := r.Perm(columns * rows)
	for i := range t.places {
		c := order[i%len(order)]
		x, y := x0+c%columns, y0+c/columns
		// Well inside: in no neighbour's buffer.
		fx, fy := float64(x)+0.2+0.6*r.Float64(), float64(y)+0.2+0.6*r.Float64()
		t.places[i] = [2]float64{fx/n*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*fy/n))) * 180 / math.Pi}
		t.tiles[i] = [2]uint32{uint32(x), uint32(y)}
		t.of[t.tiles[i]] = append(t.of[t.tiles[i]], i)
	}
	return t
}

func (t *tileEvents) place(i int) [2]float64 { return t.places[i] }

// follow subscribes to incidents at /live and notes what comes. It reads as
// little of a message as it needs: what is measured is the server.
func (r *run) follow(ctx context.Context, url, key string, s screens, i int) (stop func(), err error) {
	wish := s.wish(i, rand.New(rand.NewPCG(7, uint64(i))))
	wish["type"], wish["id"], wish["layer"] = "subscribe", "a", "incident"
	return r.read(ctx, url, http.Header{"Authorization": {"Bearer " + key}}, i, wish, []byte(`"id":`))
}

// read dials, says what it wants, and reads until stop. Events are known by the
// number after mark.
func (r *run) read(ctx context.Context, url string, h http.Header, i int, wish any, mark []byte) (stop func(), err error) {
	c, _, err := websocket.DefaultDialer.DialContext(ctx, url, h)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	ready := make(chan error, 1)
	if wish == nil {
		ready <- nil
	} else if err := c.WriteJSON(wish); err != nil {
		return nil, err
	}
	go func() {
		var buf bytes.Buffer
		for {
			_, in, err := c.NextReader()
			if err != nil {
				select {
				case ready <- err:
				default:
				}
				return
			}
			buf.Reset()
			if _, err := io.Copy(&buf, in); err != nil {
				return
			}
			b := buf.Bytes()
			switch {
			case bytes.HasPrefix(b, []byte(`{"type":"subscribed"`)):
				ready <- nil
			case bytes.HasPrefix(b, []byte(`{"type":"error"`)):
				ready <- fmt.Errorf("subscribe: %s", b)
				return
			case bytes.HasPrefix(b, []byte(`{"type":"h`)): // hello, heartbeat
			default:
				r.note(i, b, mark)
			}
		}
	}()
	if err := <-ready; err != nil {
		c.Close()
		return nil, err
	}
	return func() { c.Close() }, nil
}

// note notes the events, or the stale tiles, of a message.
func (r *run) note(i int, b, mark []byte) {
	at := time.Since(r.began)
	atomic.AddInt64(&r.counts[i], 1)
	if bytes.HasPrefix(b, []byte(`{"type":"stale"`)) {
		for rest := b; ; {
			j := bytes.Index(rest, []byte(`"15/`))
			if j < 0 {
				return
			}
			rest = rest[j+4:]
			x, after := number(rest)
			y, _ := number(after[1:])
			r.noteTile(i, [2]uint32{uint32(x), uint32(y)}, at)
		}
	}
	for rest := b; ; {
		j := bytes.Index(rest, mark)
		if j < 0 {
			return
		}
		rest = rest[j+len(mark):]
		id, _ := number(rest)
		if n := id - r.first; n >= 0 && n < liveEvents && r.arrived[i][n] == 0 {
			store(&r.arrived[i][n], at)
			if r.all {
				r.missing.Done()
			}
		}
	}
}

// noteTile gives a stale tile to the last event in it that was committed; if
// that one came before, to the next: a message may overtake the commit's return.
func (r *run) noteTile(i int, tile [2]uint32, at time.Duration) {
	last := -1
	for k, n := range r.tiles.of[tile] {
		if c := atomic.LoadInt64(&r.committed[n]); c > 0 && c <= int64(at) {
			last = k
		}
	}
	events := r.tiles.of[tile]
	if last >= 0 && r.arrived[i][events[last]] == 0 {
		store(&r.arrived[i][events[last]], at)
	} else if last+1 < len(events) {
		store(&r.arrived[i][events[last+1]], at)
	}
}

// number reads the digits at the beginning.
func number(b []byte) (int64, []byte) {
	j := 0
	for j < len(b) && b[j] >= '0' && b[j] <= '9' {
		j++
	}
	n, _ := strconv.ParseInt(string(b[:j]), 10, 64)
	return n, b[j:]
}

func (r *run) framesNow() (n int64) {
	for i := range r.counts {
		n += atomic.LoadInt64(&r.counts[i])
	}
	return n
}

// collect makes delays of the times. A message may overtake the return of its
// commit.
func (r *run) collect() error {
	for i := range r.arrived {
		for n := range r.arrived[i] {
			if at := atomic.LoadInt64(&r.arrived[i][n]); at > 0 {
				r.delays = append(r.delays, max(0, time.Duration(at-r.committed[n])))
			}
		}
	}
	if len(r.delays) == 0 {
		return fmt.Errorf("no message came")
	}
	return nil
}
