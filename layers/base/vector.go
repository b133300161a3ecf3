package base

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb/geojson"

	"onemap/geo/crs"
	"onemap/layers"
)

// VectorOptions say what to import.
type VectorOptions struct {
	Layer   string // a layer of the base library, base_building
	File    string // any file of [Formats]
	CRS     string // the coordinates' system; required, the file's own word does not count
	Mapping Mapping
	Rejects string // the list of what was left out or repaired; "": none is written
	By      string
	// Progress is told how many features were read; nil is fine.
	Progress func(features int64)
}

// ImportVector puts the features of a vector file in the place of one layer of
// the base library; with roads, in the place of the road network too, in which
// roads meet where they share a vertex.
//
// GDAL's ogr2ogr reads the file, caged (see run). A feature's source key is
// "<source>:<key>" and its id is made of that, so it keeps its id in the next
// import. A feature of several lines or points gives several rows, "#2" and so
// on. It returns a [layers.InputError] where the file, the system or the
// mapping will not do, and where no feature at all could be taken; the list of
// rejects is written then too.
func ImportVector(ctx context.Context, store *layers.Store, o VectorOptions) (Summary, error) {
	sum, err := importVector(ctx, store, o)
	if err != nil {
		return Summary{}, fmt.Errorf("import %s: %w", o.Layer, plain(err))
	}
	return sum, nil
}

func importVector(ctx context.Context, store *layers.Store, o VectorOptions) (sum Summary, err error) {
	t, ok := tableOf(o.Layer)
	if !ok {
		return sum, unknownLayer(o.Layer)
	}
	system, err := parseCRS(ctx, store, o.CRS)
	if err != nil {
		return sum, err
	}
	file, err := openVector(ctx, o.File, o.Mapping.Encoding)
	if err != nil {
		return sum, err
	}
	defer file.cage.Remove()
	layer, err := file.choose(ctx, o.Mapping.SourceLayer)
	if err != nil {
		return sum, err
	}
	hash, err := fingerprintTree(file.path)
	if err != nil {
		return sum, err
	}
	r, err := createRejects(o.Rejects, "feature", "field", "value", "layer", "outcome", "reason")
	if err != nil {
		return sum, err
	}
	defer r.drop()
	r.vector = true

	source := o.Mapping.Source
	if source == "" {
		source = sourceName(o.File)
	}
	v := &vector{table: t, system: system, source: source, key: o.Mapping.Key, rejects: r, progress: o.Progress,
		convert: converter{t, o.Mapping}, ids: map[int64]bool{}, seen: map[string]bool{}}
	errNothing := &layers.InputError{Field: "file", Value: filepath.Base(o.File), Remedy: "a file with features that can be taken: all were rejected, the reject file says why"}
	err = alone(ctx, store, func() error {
		mapping, err := json.Marshal(o.Mapping)
		if err != nil {
			return fmt.Errorf("record the mapping: %w", err)
		}
		b := batch{layer: o.Layer, file: o.File, crs: system.String(), mapping: string(mapping), by: o.By, sha256: hash}
		if sum.Batch, err = b.open(ctx, store); err != nil {
			return err
		}
		names := []string{o.Layer}
		if o.Layer == road {
			names = append(names, roadNode, roadEdge)
		}
		err = store.ReplaceAll(ctx, names, func(ctx context.Context, db *pgxpool.Pool, staging map[string]string) error {
			s, err := openStage(ctx, db, staging, system.String(), sum.Batch, r)
			if err != nil {
				return err
			}
			defer s.close(ctx)
			if system.NeedsPROJ() {
				s.srid = system.SRID()
			}
			v.stage = s
			if err := v.read(ctx, file, layer); err != nil {
				return err
			}
			if err := s.flushAll(ctx); err != nil {
				return err
			}
			if s.rows[o.Layer] == 0 {
				return errNothing
			}
			if o.Layer == road {
				if sum.Network, err = s.connect(ctx, db); err != nil {
					return err
				}
			}
			sum.Layers = s.counts()
			return nil
		})
		if err != nil {
			return err
		}
		return finishBatch(ctx, store, sum, v.n)
	})
	if errors.Is(err, errNothing) {
		if kept := r.keep(); kept != nil { // the caller is sent to a file that is not there
			return Summary{}, kept
		}
		return Summary{}, err
	}
	if err != nil {
		return Summary{}, err
	}
	return sum, r.keep()
}

// parseCRS reads the declared system, and asks the database whether it knows it.
func parseCRS(ctx context.Context, store *layers.Store, name string) (crs.CRS, error) {
	c, err := crs.Parse(name)
	if err != nil {
		return c, &layers.InputError{Field: "crs", Remedy: err.Error()}
	}
	if !c.NeedsPROJ() {
		return c, nil
	}
	var known bool
	if err := store.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = @srid)`, pgx.NamedArgs{"srid": c.SRID()}).Scan(&known); err != nil {
		return c, fmt.Errorf("look up %v: %w", c, err)
	}
	if !known {
		return c, &layers.InputError{Field: "crs", Value: c.String(), Remedy: "a system that PostGIS knows: it has no such EPSG code"}
	}
	return c, nil
}

// choose picks the layer to read, and says which there are where it cannot.
func (v *vectorFile) choose(ctx context.Context, wanted string) (string, error) {
	names, err := v.layers(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case slices.Contains(names, wanted):
		return wanted, nil
	case len(names) == 1 && wanted == "":
		return names[0], nil
	case len(names) == 0:
		return "", &layers.InputError{Field: "file", Value: filepath.Base(v.path), Remedy: "a file with at least one layer"}
	}
	return "", &layers.InputError{Field: "map.source_layer", Value: wanted, Remedy: "one of the file's layers: " + strings.Join(names, ", ")}
}

// sourceName makes a source of a file's name.
func sourceName(file string) string {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r == ':' || r == '#' {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	return clean(name)
}

// fingerprintTree is the SHA-256 of a file, or of the files in a folder (.gdb).
func fingerprintTree(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return fingerprint(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, &layers.InputError{Field: "file", Value: filepath.Base(path), Remedy: "a folder that can be read"}
	}
	var all []byte
	for _, e := range entries {
		if e.Type().IsRegular() {
			h, err := fingerprint(filepath.Join(path, e.Name()))
			if err != nil {
				return nil, err
			}
			all = append(append(all, e.Name()...), h...)
		}
	}
	return sum256(all), nil
}

// vector reads one file.
type vector struct {
	table    table
	system   crs.CRS
	source   string
	key      string
	convert  converter
	stage    *stage
	rejects  *rejects
	progress func(int64)
	n        int64 // features read
	ids      map[int64]bool
	seen     map[string]bool
}

// read takes what GDAL writes, line by line, while GDAL is still reading.
func (v *vector) read(ctx context.Context, file *vectorFile, layer string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := file.features(ctx, layer, out)
		out.CloseWithError(err) // nil becomes io.EOF
		done <- err
	}()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<20), maxFeatureBytes)
	var err error
	for err == nil && lines.Scan() {
		v.n++
		err = v.feature(ctx, bytes.TrimLeft(lines.Bytes(), "\x1e"))
		if v.progress != nil && v.n%256 == 0 {
			v.progress(v.n)
		}
	}
	if err == nil && errors.Is(lines.Err(), bufio.ErrTooLong) {
		err = &layers.InputError{Field: "file", Value: filepath.Base(file.path), Remedy: fmt.Sprintf("features of at most %d MB: number %d is larger", maxFeatureBytes>>20, v.n+1)}
	}
	if err != nil {
		cancel()
	}
	_ = in.Close() // a GDAL that still writes gets a broken pipe
	if gdal := <-done; err == nil {
		err = gdal
	}
	if v.progress != nil {
		v.progress(v.n)
	}
	return err
}

// feature takes one line.
func (v *vector) feature(ctx context.Context, line []byte) error {
	if len(line) == 0 {
		v.n--
		return nil
	}
	var f struct {
		Geometry   *geojson.Geometry `json:"geometry"`
		Properties map[string]any    `json:"properties"`
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber() // codes of 17 digits are more than a float64 holds
	name := strconv.FormatInt(v.n, 10)
	if err := d.Decode(&f); err != nil {
		return v.reject(name, fault{"", "", "it cannot be read: " + err.Error()})
	}
	if v.key != "" {
		k := clean(asText(f.Properties[v.key]))
		if k == "" {
			return v.reject(name, fault{v.key, "", "the key is empty"})
		}
		if v.seen[k] {
			return v.reject(name, fault{v.key, k, "the key came before in this file"})
		}
		v.seen[k] = true
		name = k
	}
	if f.Geometry == nil || f.Geometry.Coordinates == nil {
		return v.reject(name, fault{"geometry", "", "there is none"})
	}
	row, wrong := v.convert.row(f.Properties)
	if wrong != nil {
		return v.reject(name, *wrong)
	}
	parts, err := shape(f.Geometry.Coordinates, v.table.kind)
	if err != nil {
		return v.reject(name, fault{"geometry", f.Geometry.Coordinates.GeoJSONType(), err.Error()})
	}
	for i, g := range parts {
		key := v.source + ":" + name
		if i > 0 {
			key += fmt.Sprintf("#%d", i+1)
		}
		out := feature{id: v.id(key), key: key, row: row, geom: g}
		if !v.system.NeedsPROJ() && !v.system.IsLonLat() {
			if out.orig, out.geom, err = toWGS84(v.system, g); err != nil {
				return err
			}
		}
		if !v.system.NeedsPROJ() && !onEarth(out.geom) {
			if err := v.reject(name, fault{"geometry", firstPoint(g), "it is not on Earth in " + v.system.String()}); err != nil {
				return err
			}
			continue
		}
		if err := v.stage.add(ctx, out); err != nil {
			return err
		}
	}
	return nil
}

func (v *vector) reject(name string, f fault) error {
	return v.rejects.line(rejected, v.table.name, name, f.field, shorten(f.value), v.table.name, string(rejected), f.reason)
}

// id makes a feature's number of its key: 49 bits above 2^50, where no id of
// OpenStreetMap is and which JavaScript still counts exactly. Two keys with
// one number (unlikely below a million features) are told apart by their order.
func (v *vector) id(key string) int64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	id := int64(1<<50 | h.Sum64()>>15)
	for v.ids[id] {
		id++
	}
	v.ids[id] = true
	return id
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
