package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/tiles"
	"onemap/web"
)

// A tileStand is the tile server of a database thrice: the same handlers and
// rights around tiles from memory made anew each time, from PostGIS made anew
// each time, and as a city runs it: from memory, and kept.
type tileStand struct {
	memory, postgis, kept tileServer
	db                    *pgxpool.Pool
	stop                  func()
}

type tileServer struct {
	addr    string
	handler http.Handler
	tiles   *tiles.Maker
}

const (
	standMemory = 3 << 30
	standCache  = 512 << 20
)

// newTileStand serves db, and waits until the layers named are in memory.
func newTileStand(ctx context.Context, db *pgxpool.Pool, dbURL string, held ...string) (*tileStand, error) {
	log := slog.New(slog.DiscardHandler)
	store := layers.NewStore(db)
	directory := access.NewDirectory(db)
	if err := directory.Load(ctx); err != nil {
		return nil, err
	}
	stamps := new(tiles.Stamps)
	keeper := tilefeed.NewKeeper(store, tilefeed.Options{Budget: standMemory, LayerBudget: standMemory, Stamps: stamps, Log: log})
	wal := feed.New(dbURL, feed.Registry(store), directory.Reader(), keeper.Reader()) //nolint:contextcheck // readers live as long as the feed
	wal.Log = log
	directory.Follow(wal.Status)
	keeper.Follow(wal)
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = wal.Run(ctx) })
	work.Go(func() { _ = keeper.Run(ctx) })
	st := &tileStand{db: db}
	var servers []*http.Server
	st.stop = func() {
		for _, s := range servers {
			_ = s.Close()
		}
		cancel()
		work.Wait()
		directory.Close()
	}
	serve := func(m *tiles.Maker) (tileServer, error) {
		m.PostGIS, m.Position, m.Wait, m.Stamps = tilefeed.PostGIS{Store: store, Visible: wal.Visible}, keeper.Position, keeper.Wait, stamps
		h := (&web.Server{Store: store, Directory: directory, Tiles: m, Feed: wal.Status, Log: log}).Handler()
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return tileServer{}, err
		}
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second} // as serve has it
		servers = append(servers, s)
		go s.Serve(ln) //nolint:errcheck // it ends with Close
		return tileServer{ln.Addr().String(), h, m}, nil
	}
	var err error
	if st.memory, err = serve(&tiles.Maker{Memory: keeper}); err == nil {
		if st.postgis, err = serve(&tiles.Maker{}); err == nil {
			st.kept, err = serve(&tiles.Maker{Memory: keeper, CacheBytes: standCache})
		}
	}
	if err == nil {
		err = untilHeld(ctx, keeper, held)
	}
	if err != nil {
		st.stop()
		return nil, err
	}
	return st, nil
}

// untilHeld waits until the layers are in memory.
func untilHeld(ctx context.Context, k *tilefeed.Keeper, names []string) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	for {
		missing := ""
		states := map[string]tilefeed.LayerStatus{}
		for _, l := range k.Status().Layers {
			states[l.Name] = l
		}
		for _, n := range names {
			if states[n].State != tilefeed.Held {
				missing = fmt.Sprintf("%s (%s %s)", n, states[n].State, states[n].Why)
			}
		}
		if missing == "" && k.Position() > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not get into memory: %w", missing, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// bare is a handler that writes the same bytes each time, as an HTTP server of
// one's own would at best.
func bare(body []byte) (addr string, stop func(), err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.mapbox-vector-tile")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})}
	go s.Serve(ln) //nolint:errcheck // it ends with Close
	return ln.Addr().String(), func() { _ = s.Close() }, nil
}
