package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// tilesPerZoom is how many tiles are asked for at each zoom, after a tenth as
// many to warm up.
const tilesPerZoom = 150

// drawn are the layers of the tiles measured: the command centre's base map
// with assets and incidents on it.
var drawn = []string{"base_landuse", "base_water", "base_building", "base_road", "asset", "incident"}

// Tiles measures tile latency by zoom: through the whole server (sign-in,
// right, query, ETag) beside the query that pg_tileserv and its like send, by a
// bare connection without a server around it.
func Tiles(ctx context.Context, o Options) error {
	return o.withCity(ctx, func(ctx context.Context, db *pgxpool.Pool, url, key string) error {
		var extent orb.Bound
		if err := db.QueryRow(ctx, `SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT ST_Extent(geom) AS e FROM map.asset) x`).
			Scan(&extent.Min[0], &extent.Min[1], &extent.Max[0], &extent.Max[1]); err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(1, 2))
		client := &http.Client{}
		for _, zoom := range []maptile.Zoom{10, 12, 14, 15, 16} {
			o.Progress(fmt.Sprintf("tiles at zoom %d", zoom))
			var ours, theirs []time.Duration
			var bytes int64
			for i := range tilesPerZoom + tilesPerZoom/10 {
				at := maptile.At(orb.Point{extent.Min[0] + rng.Float64()*(extent.Max[0]-extent.Min[0]), extent.Min[1] + rng.Float64()*(extent.Max[1]-extent.Min[1])}, zoom)
				start := time.Now()
				n, err := getTile(ctx, client, url, key, at)
				if err != nil {
					return err
				}
				mine := time.Since(start)
				start = time.Now()
				var mvt []byte
				if err := db.QueryRow(ctx, usualTileSQL, at.Z, at.X, at.Y).Scan(&mvt); err != nil {
					return err
				}
				if i < tilesPerZoom/10 {
					continue
				}
				ours, theirs, bytes = append(ours, mine), append(theirs, time.Since(start)), bytes+n
			}
			for _, p := range []float64{50, 99} {
				a, b := percentile(ours, p), percentile(theirs, p)
				o.Report(Result{Bench: "tiles", Case: fmt.Sprintf("zoom %d, p%g (%d KiB mean)", zoom, p, bytes/tilesPerZoom/1024),
					Value: a, Unit: "ms", Baseline: b, Ratio: faster(a, b), Met: true})
			}
		}
		return nil
	})
}

// getTile returns the size of a tile, uncompressed.
func getTile(ctx context.Context, c *http.Client, url, key string, at maptile.Tile) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/tiles/%s/%d/%d/%d.mvt", url, strings.Join(drawn, ","), at.Z, at.X, at.Y), nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Accept-Encoding", "identity")
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
		return 0, fmt.Errorf("%s: %s", req.URL.Path, res.Status)
	}
	return io.Copy(io.Discard, res.Body)
}

// usualTileSQL is the query of the usual tile server over the same layers and
// fields: every feature of the box, at every zoom.
var usualTileSQL = func() string {
	fields := map[string]string{
		"base_landuse": "name, class", "base_water": "name, class", "base_building": "name, class, levels, height_m",
		"base_road": "name, name_en, class, ref, oneway, bridge, tunnel, layer", "asset": "code, class_code, name, state, dept_code",
		"incident": "class_code, severity, state, source, occurred_at::text, reported_at::text, dept_code",
	}
	parts := make([]string, len(drawn))
	for i, l := range drawn {
		parts[i] = fmt.Sprintf(`coalesce((SELECT ST_AsMVT(t, '%[1]s', 4096, 'geom', 'id') FROM (
			SELECT id, grid_code, %[2]s, ST_AsMVTGeom(ST_Transform(geom, 3857), ST_TileEnvelope($1, $2, $3), 4096, 64) AS geom
			FROM map.%[1]s WHERE geom && ST_Transform(ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096), 4326)) t), ''::bytea)`, l, fields[l])
	}
	return "SELECT " + strings.Join(parts, " || ")
}()
