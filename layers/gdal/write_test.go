package gdal_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/gdal"
)

var lamps = layers.Layer{Name: "lamp", TitleZH: "路灯", TitleEN: "Lamps", Geometry: "Point", Fields: []layers.Field{
	{Name: "name", Type: "text"}, {Name: "n", Type: "integer"}, {Name: "height_m", Type: "number"}, {Name: "lit", Type: "boolean"},
	{Name: "put_up", Type: "date"}, {Name: "seen_at", Type: "time"},
}}

var lampQuery = layers.Query{Layer: lamps, Fields: []string{"name", "n", "height_m", "lit", "put_up", "seen_at"}}

// rows are n lamps in a line; every third has no values.
func rows(n int) iter.Seq2[layers.Feature, error] {
	return func(yield func(layers.Feature, error) bool) {
		for i := range n {
			f := layers.Feature{ID: int64(i + 1), Geometry: orb.Point{120 + float64(i)/1000, 29.3}, Values: make([]any, 6)}
			if i%3 != 2 {
				f.Values = []any{"义乌 \"一号\",\n路灯", int64(1) << 53, 4.25, i%2 == 0, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 8, 0, 0, 123e6, time.FixedZone("", 8*3600))}
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func write(t *testing.T, o gdal.Options, q layers.Query, features iter.Seq2[layers.Feature, error]) (int64, error) {
	t.Helper()
	o.Timeout = time.Minute
	n, err := gdal.Write(t.Context(), o, q, features)
	if errors.Is(err, gdal.ErrMissing) {
		t.Skip(err)
	}
	return n, err
}

// text asks another of GDAL's programs what is in the file.
func text(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ogrinfo", "-ro", "-al", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestWrite(t *testing.T) {
	for _, tt := range []struct {
		format string
		want   []string
	}{
		{"gpkg", []string{"FID Column = id", "n: Integer64 ", "height_m: Real ", "lit: Integer(Boolean) ", "put_up: Date ", "seen_at: DateTime ", "put_up (Date) = 2026/11/22\n", "OGRFeature(lamp):1\n"}},
		{"fgb", []string{"id: Integer64 ", "n: Integer64 ", "height_m: Real ", "lit: Integer(Boolean) ", "seen_at: DateTime ", "id (Integer64) = 1\n"}},
	} {
		t.Run(tt.format, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "路灯."+tt.format)
			n, err := write(t, gdal.Options{Format: tt.format, Path: file}, lampQuery, rows(5000))
			if err != nil || n != 5000 {
				t.Fatal(n, err)
			}
			got := text(t, file)
			for _, w := range append(tt.want, "Layer name: lamp\n", "Feature Count: 5000\n", "Extent: (120.000000, 29.300000) - (124.999000, 29.300000)\n", "Geometry: Point\n", `ID["EPSG",4326]`,
				"name (String) = 义乌 \"一号\",\n路灯\n", "n (Integer64) = 9007199254740992\n", "height_m (Real) = 4.25\n", "lit (Integer(Boolean)) = 0\n",
				"seen_at (DateTime) = 2026/11/22 00:00:00.123+00\n") {
				if !strings.Contains(got, w) {
					t.Errorf("no %q in\n%.4000s", w, got)
				}
			}
			if c := strings.Count(got, "POINT ("); c != 5000 {
				t.Errorf("%d places", c)
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 {
				t.Errorf("in the folder are %v", left)
			}
		})
	}
}

// Layers come into a GeoPackage one by one; one that is there gives way.
func TestManyLayersInAGeoPackage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.gpkg")
	other := lampQuery
	other.Layer.Name, other.Fields = "other", []string{"name"}
	short := func(n int) iter.Seq2[layers.Feature, error] {
		return func(yield func(layers.Feature, error) bool) {
			for f, err := range rows(n) {
				if f.Values = f.Values[:1]; !yield(f, err) {
					return
				}
			}
		}
	}
	for _, step := range []struct {
		q layers.Query
		r iter.Seq2[layers.Feature, error]
	}{{lampQuery, rows(10)}, {other, short(20)}, {lampQuery, rows(30)}} {
		if _, err := write(t, gdal.Options{Format: "gpkg", Path: file}, step.q, step.r); err != nil {
			t.Fatal(err)
		}
	}
	if got := text(t, file); strings.Count(got, "Layer name:") != 2 || !strings.Contains(got, "Feature Count: 30\n") || !strings.Contains(got, "Feature Count: 20\n") {
		t.Error(got)
	}
}

func TestProjected(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.gpkg")
	if _, err := write(t, gdal.Options{Format: "gpkg", Path: file, EPSG: 4549}, lampQuery, rows(1)); err != nil {
		t.Fatal(err)
	}
	if got := text(t, file); !strings.Contains(got, `ID["EPSG",4549]`) || !strings.Contains(got, "POINT (500000.0 3242") {
		t.Error(got)
	}
}

// What fails leaves no file, nor anything else.
func TestFailedWrite(t *testing.T) {
	broken := errors.New("the database is gone")
	for _, format := range []string{"gpkg", "fgb"} {
		dir := t.TempDir()
		_, err := write(t, gdal.Options{Format: format, Path: filepath.Join(dir, "a."+format)}, lampQuery, func(yield func(layers.Feature, error) bool) {
			for f := range rows(2000) {
				if !yield(f, nil) {
					return
				}
			}
			yield(layers.Feature{}, broken)
		})
		if !errors.Is(err, broken) {
			t.Error(err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("in the folder are %v", left)
		}
	}
}

func TestWriteStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	_, err := gdal.Write(ctx, gdal.Options{Format: "fgb", Path: filepath.Join(t.TempDir(), "a.fgb"), Timeout: time.Minute}, lampQuery, func(yield func(layers.Feature, error) bool) {
		for f := range rows(1 << 30) {
			if f.ID == 1000 {
				stop()
			}
			if !yield(f, nil) {
				return
			}
		}
	})
	if errors.Is(err, gdal.ErrMissing) {
		t.Skip(err)
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A type that GDAL cannot hold is told before anything is written.
func TestUnknownType(t *testing.T) {
	q := lampQuery
	q.Layer.Fields = []layers.Field{{Name: "name", Type: "colour"}}
	q.Fields = []string{"name"}
	if _, err := write(t, gdal.Options{Format: "fgb", Path: filepath.Join(t.TempDir(), "a.fgb")}, q, rows(1)); err == nil || !strings.Contains(err.Error(), "colour") {
		t.Error(err)
	}
}

// Drivers that open what files name are off, so that no file leads to another.
func TestCage(t *testing.T) {
	dir := t.TempDir()
	cage, err := gdal.NewCage(t.Context(), dir, time.Minute, 1<<20, "GeoJSON")
	if errors.Is(err, gdal.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	geojson := map[string]any{"type": "FeatureCollection", "features": []any{}}
	b, _ := json.Marshal(geojson)
	for name, content := range map[string]string{
		"good.geojson": string(b),
		"bad.vrt":      `<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>good.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`,
		"bad.csv":      "a,b\n1,2\n",
	} {
		if err := os.WriteFile(filepath.Join(cage.Dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := cage.Run(t.Context(), nil, &out, "ogrinfo", "-ro", name)
		var failed *gdal.Failure
		if good := strings.HasPrefix(name, "good"); good != (err == nil) || !good && !errors.As(err, &failed) {
			t.Errorf("%s: %v, %s", name, err, out.String())
		}
	}
	cage.Remove()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
