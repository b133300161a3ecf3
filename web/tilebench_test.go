package web_test

import (
	"fmt"
	"net/http"
	"testing"
)

// nowhere takes an answer.
type nowhere struct {
	header http.Header
	status int
	n      int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(s int)           { w.status = s }
func (w *nowhere) Write(b []byte) (int, error) { w.n += len(b); return len(b), nil }

// What a kept tile costs without the network, by who asks for it.
func BenchmarkKeptTile(b *testing.B) {
	w := newWorld(b)
	w.exec(`UPDATE onemap.layer SET detail_zoom = NULL, tile_kib = 4096 WHERE name = 'asset'`)
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('test', 'component', '1', '1', '一', 'one', '灯', 'lamp')`)
	w.exec(`INSERT INTO map.asset (class_standard, class_code, dept_code, geom) SELECT 'test', '1', CASE WHEN i % 2 = 0 THEN 'urban' ELSE 'police' END,
		ST_SetSRID(ST_MakePoint(120 + 0.00001 * (i % 1000), 29.3 + 0.0001 * (i / 1000)), 4326) FROM generate_series(1, 5000) i`)
	w.fromMemory("asset")
	h := w.server.Handler()
	for _, c := range []struct{ login, layers string }{
		{"", "base_road"}, {"centre", "base_road"}, {"centre", "asset"}, {"urban", "asset"}, {"worker", "asset"},
		{"urban", "base_landuse,base_water,base_building,base_road,asset,incident"},
	} {
		b.Run(fmt.Sprintf("%s/%s", c.login, c.layers), func(b *testing.B) {
			b.ReportAllocs()
			var n int
			for b.Loop() {
				r, err := http.NewRequest(http.MethodGet, "/tiles/"+c.layers+"/14/13653/6796.mvt", nil)
				if err != nil {
					b.Fatal(err)
				}
				r.RemoteAddr, r.Body = "127.0.0.1:1", http.NoBody
				if c.login != "" {
					r.Header.Set("Authorization", "Bearer "+w.tokens[c.login])
				}
				a := &nowhere{header: http.Header{}}
				h.ServeHTTP(a, r)
				if a.status > 204 {
					b.Fatalf("%d", a.status)
				}
				n = a.n
			}
			b.ReportMetric(float64(n), "B/tile")
		})
	}
}
