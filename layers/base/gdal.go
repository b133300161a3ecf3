package base

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/gdal"
)

// ErrNoGDAL: the programs that read vector files are not installed.
var ErrNoGDAL = gdal.ErrMissing

// formats are the files that may be read, by the end of their name: the one
// GDAL driver that may open each, and how such a file begins. Every other
// driver is switched off, because some (VRT above all) open other files and
// addresses that a file names.
var formats = map[string]struct {
	driver string
	begins []string // one of these, blanks and a byte order mark left aside; none: a folder
}{
	".shp":      {"ESRI Shapefile", []string{"\x00\x00\x27\x0a"}},
	".gpkg":     {"GPKG", []string{"SQLite format 3\x00"}},
	".fgb":      {"FlatGeobuf", []string{"fgb\x03"}},
	".geojson":  {"GeoJSON", []string{"{"}},
	".json":     {"GeoJSON", []string{"{"}},
	".geojsonl": {"GeoJSONSeq", []string{"{", "\x1e"}},
	".kml":      {"LIBKML", []string{"<"}},
	".gml":      {"GML", []string{"<"}},
	".gpx":      {"GPX", []string{"<"}},
	".dxf":      {"DXF", []string{"0", "999"}},
	".tab":      {"MapInfo File", []string{"!table", "!Table", "!TABLE"}},
	".mif":      {"MapInfo File", []string{"VERSION", "Version", "version"}},
	".gdb":      {"OpenFileGDB", nil},
}

// Formats lists the file names' ends that [ImportVector] reads.
func Formats() []string {
	var out []string
	for end := range formats {
		out = append(out, end)
	}
	slices.Sort(out)
	return out
}

// vectorTimeout is how long GDAL may take for one file.
const vectorTimeout = time.Hour

// maxWrittenBytes is how large a file GDAL may write aside.
const maxWrittenBytes = 1 << 30

// maxFeatureBytes is how large one feature may be as GeoJSON. The largest
// coastlines have a few million vertices.
const maxFeatureBytes = 256 << 20

// A vectorFile is a file that GDAL may read.
type vectorFile struct {
	path   string // absolute
	driver string
	cage   *gdal.Cage
	open   []string
}

// openVector checks the file and prepares its cage, which the caller removes.
func openVector(ctx context.Context, file, encoding string) (*vectorFile, error) {
	name := filepath.Base(file)
	if strings.Contains(file, "/vsi") || strings.ContainsAny(file, "\x00\n") {
		return nil, &layers.InputError{Field: "file", Value: name, Remedy: "the name of a file on this machine"}
	}
	end := strings.ToLower(filepath.Ext(file))
	f, ok := formats[end]
	if !ok {
		remedy := "one of " + strings.Join(Formats(), ", ")
		if end == ".zip" || end == ".kmz" || end == ".gz" {
			remedy = "the file that is in it: unpack it first"
		}
		return nil, &layers.InputError{Field: "file", Value: name, Remedy: remedy}
	}
	path, err := filepath.Abs(file)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, &layers.InputError{Field: "file", Value: name, Remedy: "a file that can be read"}
	}
	if err := checkBeginning(path, f.begins); err != nil {
		return nil, &layers.InputError{Field: "file", Value: name, Remedy: fmt.Sprintf("a file of format %s: %v", f.driver, err)}
	}
	cage, err := gdal.NewCage(ctx, "", vectorTimeout, maxWrittenBytes, f.driver, "GeoJSONSeq")
	if err != nil {
		return nil, err
	}
	v := &vectorFile{path: path, driver: f.driver, cage: cage}
	if f.driver == "ESRI Shapefile" {
		if encoding == "" {
			encoding = DBFEncoding(path)
		}
		if encoding != "" {
			v.open = []string{"-oo", "ENCODING=" + encoding}
		}
	}
	return v, nil
}

// checkBeginning says whether a file is what its name says.
func checkBeginning(path string, begins []string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return errors.New("it cannot be read")
	case len(begins) == 0 && !info.IsDir():
		return errors.New("it is not a folder")
	case len(begins) == 0:
		return nil
	case !info.Mode().IsRegular():
		return errors.New("it is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return errors.New("it cannot be read")
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is empty")
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head[:n], []byte("\xEF\xBB\xBF")), " \t\r\n")
	for _, b := range begins {
		if bytes.HasPrefix(head[:], []byte(b)) || bytes.HasPrefix(head, bytes.TrimLeft([]byte(b), " \t\r\n")) {
			return nil
		}
	}
	return errors.New("it does not begin like one")
}

// layerLine is one line of ogrinfo: "1: buildings (Multi Polygon)".
var layerLine = regexp.MustCompile(`(?m)^\d+: (.+?)(?: \([^()]*\))?$`)

// layers lists the layers in the file.
func (v *vectorFile) layers(ctx context.Context) ([]string, error) {
	var out bytes.Buffer
	args := append([]string{"-ro", "-q"}, v.open...)
	if err := v.run(ctx, &out, "ogrinfo", append(args, v.path)...); err != nil {
		return nil, err
	}
	var names []string
	for _, m := range layerLine.FindAllStringSubmatch(out.String(), -1) {
		names = append(names, m[1])
	}
	return names, nil
}

// features writes the layer's features to w, one GeoJSON object a line. The
// coordinates are those of the file, flat: the driver is told that they are
// WGS 84 already, because it would transform them otherwise.
func (v *vectorFile) features(ctx context.Context, layer string, w io.Writer) error {
	args := []string{"-f", "GeoJSONSeq", "-a_srs", "EPSG:4326", "-dim", "XY", "-lco", "COORDINATE_PRECISION=11", "/vsistdout/"}
	args = append(args, v.open...)
	args = append(args, v.path)
	if layer != "" {
		args = append(args, layer)
	}
	return v.run(ctx, w, "ogr2ogr", args...)
}

// run runs one of GDAL's programs on the file.
func (v *vectorFile) run(ctx context.Context, stdout io.Writer, program string, args ...string) error {
	err := v.cage.Run(ctx, nil, stdout, program, args...)
	var failed *gdal.Failure
	if errors.As(err, &failed) {
		said := strings.ReplaceAll(failed.Said, v.path, filepath.Base(v.path))
		return &layers.InputError{Field: "file", Value: filepath.Base(v.path), Remedy: "a file that GDAL can read: " + said}
	}
	return err
}
