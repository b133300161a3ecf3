package base

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"onemap/layers"
)

// ErrNoGDAL: the programs that read vector files are not installed.
var ErrNoGDAL = errors.New("ogr2ogr is missing: apt-get install gdal-bin")

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

// maxFeatureBytes is how large one feature may be as GeoJSON. The largest
// coastlines have a few million vertices.
const maxFeatureBytes = 256 << 20

// A vectorFile is a file that GDAL may read.
type vectorFile struct {
	path   string // absolute
	driver string
	dir    string // a folder of its own for what GDAL writes
	skip   string // the drivers that are switched off
	open   []string
}

// openVector checks the file and prepares its cage. The caller removes dir.
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
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		return nil, ErrNoGDAL
	}
	dir, err := os.MkdirTemp("", "onemap-gdal-")
	if err != nil {
		return nil, fmt.Errorf("a folder for GDAL: %w", err)
	}
	v := &vectorFile{path: path, driver: f.driver, dir: dir}
	if v.skip, err = v.otherDrivers(ctx); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if f.driver == "ESRI Shapefile" {
		if encoding == "" {
			encoding = dbfEncoding(path)
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

// driverLine is one line of ogrinfo --formats: "  GPKG -raster,vector- (rw+vs): GeoPackage".
var driverLine = regexp.MustCompile(`(?m)^  (.+?) -[a-z,]+- \(`)

// otherDrivers lists all drivers but the one that may open the file and the
// one that writes for us, as GDAL's OGR_SKIP wants it. GDAL 3.6 has no option
// that names the drivers to use (-if came later).
func (v *vectorFile) otherDrivers(ctx context.Context) (string, error) {
	var out bytes.Buffer
	if err := v.run(ctx, &out, "ogrinfo", "--formats"); err != nil {
		return "", fmt.Errorf("list GDAL's drivers: %w", err)
	}
	var skip []string
	for _, m := range driverLine.FindAllStringSubmatch(out.String(), -1) {
		if m[1] != v.driver && m[1] != "GeoJSONSeq" {
			skip = append(skip, m[1])
		}
	}
	if len(skip) == 0 {
		return "", errors.New("list GDAL's drivers: none found")
	}
	return strings.Join(skip, ","), nil
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

// run starts one of GDAL's programs in a cage: a working folder of its own, no
// environment of ours (passwords are in it), no network where the kernel lets
// us take it away and no proxy to it where not, limits on memory, time, open
// files and what it may write, only one driver that opens files.
func (v *vectorFile) run(ctx context.Context, stdout io.Writer, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, vectorTimeout)
	defer cancel()
	limited := []string{"--as=8589934592", "--cpu=3600", "--fsize=1073741824", "--nofile=256", "--core=0", "--nproc=4096",
		program, "--config", "OGR_SKIP", v.skip}
	if v.skip == "" {
		limited = limited[:len(limited)-3]
	}
	limited = append(limited, args...)
	var stderr tail
	for _, flags := range []uintptr{syscall.CLONE_NEWNET, syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER, 0} {
		c := exec.CommandContext(ctx, "prlimit", limited...)
		c.Dir = v.dir
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + v.dir, "TMPDIR=" + v.dir, "CPL_TMPDIR=" + v.dir, "LC_ALL=C.UTF-8",
			"PROJ_NETWORK=OFF", "GDAL_HTTP_TIMEOUT=1", "GDAL_HTTP_MAX_RETRY=0", "GDAL_HTTP_PROXY=127.0.0.1:9", "GDAL_HTTPS_PROXY=127.0.0.1:9",
			"CPL_VSIL_CURL_ALLOWED_EXTENSIONS={none}", "GML_SKIP_RESOLVE_ELEMS=ALL", "GML_GFS_TEMPLATE=", "GML_SAVE_RESOLVED_TO=",
			"OGR_SQLITE_LOAD_EXTENSIONS=", "OGR_GEOJSON_MAX_OBJ_SIZE=200", "DXF_INLINE_BLOCKS=TRUE"}
		c.Stdout, c.Stderr = stdout, &stderr
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: flags}
		if flags&syscall.CLONE_NEWUSER != 0 {
			c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
			c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		}
		c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
		c.WaitDelay = 10 * time.Second
		if err := c.Start(); err != nil {
			if flags != 0 && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC)) {
				continue // this kernel or container does not let us
			}
			return fmt.Errorf("start %s: %w", program, err)
		}
		err := c.Wait()
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", program, ctx.Err())
		case err != nil:
			return &layers.InputError{Field: "file", Value: filepath.Base(v.path), Remedy: "a file that GDAL can read: " + stderr.words(v)}
		}
		return nil
	}
	return nil // the last round always returns
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.b = append(t.b, p...)
	if len(t.b) > most {
		t.b = append(t.b[:0], t.b[len(t.b)-most:]...)
	}
	return len(p), nil
}

// words is what GDAL said, without our paths, shortened.
func (t *tail) words(v *vectorFile) string {
	s := strings.NewReplacer(v.path, filepath.Base(v.path), v.dir, "").Replace(string(t.b))
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if s == "" {
		return "it stopped without a word"
	}
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}
