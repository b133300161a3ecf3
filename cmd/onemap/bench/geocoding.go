package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	neturl "net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// geocodingHouses are looked for, and typed character by character.
const geocodingHouses = 150

// Geocoding measures addresses as they are typed, whole and backwards, over
// HTTP, one after the other, beside the search box's own search of the same
// texts (LIKE over each layer). It tells as well how many addresses are found
// where they are.
func Geocoding(ctx context.Context, o Options) error {
	return o.withCity(ctx, func(ctx context.Context, db *pgxpool.Pool, url, key string) error {
		if _, err := db.Exec(ctx, `ANALYZE`); err != nil {
			return err
		}
		return o.geocoding(ctx, db, url, key)
	})
}

// A house of the city with its address.
type house struct {
	text     string
	lon, lat float64
}

func (o Options) geocoding(ctx context.Context, db *pgxpool.Pool, url, key string) error {
	rows, err := db.Query(ctx, `SELECT place || street || number, ST_X(geom), ST_Y(geom) FROM map.base_address WHERE street <> '' ORDER BY md5(id::text) LIMIT $1`, geocodingHouses)
	if err != nil {
		return err
	}
	houses, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h house, err error) {
		err = row.Scan(&h.text, &h.lon, &h.lat)
		return h, err
	})
	if err != nil {
		return err
	}
	if len(houses) == 0 {
		return fmt.Errorf("the city has no addresses")
	}
	get := func(path string, into any) (time.Duration, error) {
		began := time.Now()
		err := getJSON(ctx, url+path, key, into)
		return time.Since(began), err
	}
	type answer struct {
		Candidates []struct {
			Lon, Lat, Confidence float64
		}
	}
	o.Progress("addresses as they are typed")
	var typed, searched, whole, back []time.Duration
	right, sure, wrong := 0, 0, 0
	for i, h := range houses {
		rs := []rune(h.text)
		for n := 1; n <= len(rs); n++ {
			text := neturl.QueryEscape(string(rs[:n]))
			d, err := get("/api/v1/addresses?typing=true&q="+text, nil)
			if err != nil {
				return err
			}
			if i > 2 { // the first ones warm up
				typed = append(typed, d)
			}
			if n == len(rs) || n%3 == 0 {
				if d, err = get("/api/v1/search?q="+text, nil); err != nil {
					return err
				}
				searched = append(searched, d)
			}
		}
		var a answer
		d, err := get("/api/v1/addresses?q="+neturl.QueryEscape(h.text), &a)
		if err != nil {
			return err
		}
		whole = append(whole, d)
		if len(a.Candidates) > 0 {
			c := a.Candidates[0]
			near := math.Hypot((c.Lon-h.lon)*111_320*math.Cos(h.lat*math.Pi/180), (c.Lat-h.lat)*111_320) < 30
			switch {
			case near:
				right++
			case c.Confidence >= 0.9:
				wrong++
			}
			if near && c.Confidence >= 0.9 {
				sure++
			}
		}
		if d, err = get(fmt.Sprintf("/api/v1/addresses/at?lon=%.6f&lat=%.6f", h.lon+0.0001, h.lat), nil); err != nil {
			return err
		}
		back = append(back, d)
	}
	o.Progress("a batch of addresses")
	texts := make([]string, 0, 400)
	for len(texts) < 400 {
		texts = append(texts, houses[len(texts)%len(houses)].text)
	}
	body, err := json.Marshal(map[string]any{"texts": texts})
	if err != nil {
		return err
	}
	began := time.Now()
	if err := postJSON(ctx, url+"/api/v1/addresses/batch", key, body); err != nil {
		return err
	}
	perSecond := float64(len(texts)) / time.Since(began).Seconds()

	p50, p99 := percentile(typed, 50), percentile(typed, 99)
	box := percentile(searched, 99)
	o.Report(Result{Bench: "geocoding", Case: fmt.Sprintf("as you type, p50 of %d", len(typed)), Value: p50, Unit: "ms", Baseline: percentile(searched, 50), Ratio: faster(p50, percentile(searched, 50)), Met: true})
	o.Report(Result{Bench: "geocoding", Case: "as you type, p99", Value: p99, Unit: "ms", Baseline: box, Ratio: faster(p99, box), Target: "< 30 ms", Met: p99 < 30})
	o.Report(Result{Bench: "geocoding", Case: "a whole address, p99", Value: percentile(whole, 99), Unit: "ms", Met: true})
	o.Report(Result{Bench: "geocoding", Case: "what a place is called, p99", Value: percentile(back, 99), Unit: "ms", Met: true})
	o.Report(Result{Bench: "geocoding", Case: "a batch of 400", Value: perSecond, Unit: "addresses/s", Met: true})
	n := float64(len(houses))
	o.Report(Result{Bench: "geocoding", Case: "first candidate within 30 m", Value: 100 * float64(right) / n, Unit: "%", Met: true})
	o.Report(Result{Bench: "geocoding", Case: "of them with confidence 0.9 and more", Value: 100 * float64(sure) / n, Unit: "%", Met: true})
	o.Report(Result{Bench: "geocoding", Case: "elsewhere with confidence 0.9 and more", Value: 100 * float64(wrong) / n, Unit: "%", Met: true})
	return nil
}

func getJSON(ctx context.Context, url, key string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	return doJSON(req, key, into)
}

func postJSON(ctx context.Context, url, key string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return doJSON(req, key, nil)
}

// doJSON sends a request and reads all of its answer, into a value where one is given.
func doJSON(req *http.Request, key string, into any) error {
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", req.URL.Path, resp.Status, b[:min(len(b), 300)])
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}
