package datafile

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"onemap/layers"
	"onemap/layers/base"
	"onemap/layers/gdal"
)

// vectorFile is a file that GDAL reads, in a cage.
type vectorFile struct {
	cage   *gdal.Cage
	limits Limits
	layers []vectorLayer
}

type vectorLayer struct {
	title string   // what people call it
	path  string   // in the cage's folder
	name  string   // of the layer in it; "": the only one
	open  []string // options
	names []string
	index map[string]int
}

// vector has GDAL look at a file: a link to it, under a name of ours, in the cage.
func (f *File) vector(ctx context.Context, file, format, driver, ext, dir string) error {
	cage, err := gdal.NewCage(ctx, dir, f.limits.Time, f.limits.Unpacked, driver, "GeoJSONSeq")
	if err != nil {
		return err
	}
	f.undo = append(f.undo, cage.Remove)
	inside := filepath.Join(cage.Dir, "in"+ext)
	if err := linkOrCopy(file, inside); err != nil {
		return err
	}
	v := &vectorFile{cage: cage, limits: f.limits}
	names, err := v.list(ctx, inside)
	if err != nil {
		return err
	}
	if len(names) > f.limits.Sheets {
		return tooMuch("layers", int64(f.limits.Sheets))
	}
	for _, name := range names {
		// A name becomes an argument of a program: it must not look like an option.
		if strings.HasPrefix(name, "-") || strings.HasPrefix(name, "@") || strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 }) {
			return unreadable("layers whose names begin with a letter: one is called %q", layers.Short(name))
		}
		v.layers = append(v.layers, vectorLayer{title: name, path: inside, name: name})
	}
	f.Format, f.body = format, v
	return nil
}

// linkOrCopy makes a file be at another place too. A GeoPackage is copied:
// SQLite writes beside what it opens.
func linkOrCopy(from, to string) error {
	if !strings.HasSuffix(to, ".gpkg") && os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return unreadable("a file that can be read")
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// shapes unpacks the Shapefiles of an archive; found says whether there are any.
func (f *File) shapes(ctx context.Context, entries []*zip.File, dir string) (found bool, err error) {
	type set map[string]*zip.File
	sets := map[string]set{}
	var order []string
	for _, e := range entries {
		name := entryName(e)
		ext := strings.ToLower(path.Ext(name))
		switch ext {
		case ".shp", ".shx", ".dbf", ".prj", ".cpg":
		default:
			continue
		}
		if strings.HasPrefix(name, "__MACOSX/") || !e.Mode().IsRegular() {
			continue
		}
		stem := strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))
		if sets[stem] == nil {
			sets[stem] = set{}
		}
		if ext == ".shp" {
			order = append(order, name)
		}
		sets[stem][ext] = e
	}
	if len(order) == 0 {
		return false, nil
	}
	if len(order) > f.limits.Sheets {
		return true, tooMuch("Shapefiles in an archive", int64(f.limits.Sheets))
	}
	cage, err := gdal.NewCage(ctx, dir, f.limits.Time, f.limits.Unpacked, "ESRI Shapefile", "GeoJSONSeq")
	if err != nil {
		return true, err
	}
	f.undo = append(f.undo, cage.Remove)
	v := &vectorFile{cage: cage, limits: f.limits}
	for i, name := range order {
		s := sets[strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))]
		stem := filepath.Join(cage.Dir, "s"+string(rune('a'+i%26))+strings.Repeat("_", i/26)) // never a name from the archive
		for _, ext := range []string{".shp", ".shx", ".dbf", ".prj", ".cpg"} {
			e := s[ext]
			if e == nil {
				continue
			}
			in, err := e.Open()
			if err != nil {
				return true, unreadable("it is damaged: what is packed in it cannot be unpacked")
			}
			err = f.unpack(in, stem+ext)
			_ = in.Close() // read to its end, or given up
			if err != nil {
				return true, err
			}
		}
		head, err := beginning(stem + ".shp")
		if err != nil {
			return true, err
		}
		if !bytes.HasPrefix(head, []byte("\x00\x00\x27\x0a")) {
			return true, unreadable("a Shapefile: its .shp is none")
		}
		if s[".dbf"] == nil {
			return true, unreadable("a Shapefile with its .dbf in the same archive")
		}
		l := vectorLayer{title: strings.TrimSuffix(path.Base(name), path.Ext(name)), path: stem + ".shp"}
		if enc := base.DBFEncoding(l.path); enc != "" {
			l.open = []string{"-oo", "ENCODING=" + enc}
			f.notes = append(f.notes, Note{Code: "encoding", Text: enc})
		}
		if s[".shx"] == nil {
			// GDAL rebuilds the index where it is told to; it is a table of offsets only.
			l.open = append(l.open, "--config", "SHAPE_RESTORE_SHX", "YES")
		}
		v.layers = append(v.layers, l)
	}
	f.Format, f.body = "shapefile", v
	return true, nil
}

// layerLine is one line of ogrinfo: "1: buildings (Multi Polygon)".
var layerLine = regexp.MustCompile(`(?m)^\d+: (.+?)(?: \([^()]*\))?$`)

func (v *vectorFile) list(ctx context.Context, file string) ([]string, error) {
	var out limited
	if err := v.run(ctx, &out, "ogrinfo", "-ro", "-q", file); err != nil {
		return nil, err
	}
	var names []string
	for _, m := range layerLine.FindAllStringSubmatch(out.String(), -1) {
		names = append(names, m[1])
	}
	return names, nil
}

// limited keeps the beginning of what a program says.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := 4<<20 - l.Len(); room > 0 {
		_, _ = l.Buffer.Write(p[:min(room, len(p))]) // it never fails
	}
	return len(p), nil
}

func (v *vectorFile) run(ctx context.Context, out io.Writer, program string, args ...string) error {
	err := v.cage.Run(ctx, nil, out, program, args...)
	var failed *gdal.Failure
	if errors.As(err, &failed) {
		return unreadable("a file that GDAL can read: %s", layers.Short(strings.ReplaceAll(failed.Said, v.cage.Dir, "")))
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return unreadable("a file that can be read within %s", v.limits.Time)
	}
	return err
}

var (
	fieldLine = regexp.MustCompile(`(?m)^([^:\n]+): (?:Integer|Integer64|Real|String|Date|Time|DateTime|Binary|IntegerList|Integer64List|RealList|StringList)\b[^\n]*\([0-9.]+\)`)
	authority = regexp.MustCompile(`ID\["EPSG",([0-9]+)\]\]\s*$`)
	crsName   = regexp.MustCompile(`(?m)^(?:PROJCRS|GEOGCRS|BOUNDCRS|COMPOUNDCRS|ENGCRS)\["([^"]*)"`)
)

func (v *vectorFile) sheets(ctx context.Context) ([]Sheet, error) {
	var out []Sheet
	for i := range v.layers {
		l := &v.layers[i]
		args := append([]string{"-ro", "-so"}, l.open...)
		args = append(args, l.path)
		if l.name != "" {
			args = append(args, l.name)
		} else {
			args = append(args, strings.TrimSuffix(filepath.Base(l.path), ".shp"))
		}
		var text limited
		if err := v.run(ctx, &text, "ogrinfo", args...); err != nil {
			return nil, err
		}
		s := Sheet{Name: l.title, Geometry: true, Columns: []string{}}
		said := text.String()
		if wkt, ok := section(said, "Layer SRS WKT:\n"); ok {
			if m := authority.FindStringSubmatch(wkt); m != nil {
				s.CRS = "EPSG:" + m[1]
			}
			if m := crsName.FindStringSubmatch(wkt); m != nil {
				s.CRSName = layers.Short(m[1])
				if s.CRS == "" {
					s.CRS = v.identify(ctx, l)
				}
			}
		}
		l.index = map[string]int{}
		used := map[string]int{}
		for _, m := range fieldLine.FindAllStringSubmatch(said, -1) {
			if _, twice := l.index[m[1]]; twice {
				continue
			}
			l.index[m[1]] = len(l.names)
			l.names = append(l.names, m[1])
			s.Columns = append(s.Columns, unique(shortName(m[1], len(s.Columns)), used))
			if len(l.names) > v.limits.Columns {
				return nil, tooMuch("columns", int64(v.limits.Columns))
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// section returns the text between a heading and "Data axis to CRS axis mapping".
func section(s, heading string) (string, bool) {
	_, rest, ok := strings.Cut(s, heading)
	if !ok {
		return "", false
	}
	wkt, _, _ := strings.Cut(rest, "Data axis to CRS axis mapping")
	return strings.TrimSpace(wkt), !strings.HasPrefix(wkt, "(unknown)")
}

// identify asks PROJ which code a system of a .prj has, which writes none.
func (v *vectorFile) identify(ctx context.Context, l *vectorLayer) string {
	var out limited
	if err := v.run(ctx, &out, "gdalsrsinfo", "--single-line", "-e", "-o", "epsg", l.path); err != nil {
		return ""
	}
	if m := regexp.MustCompile(`EPSG:([0-9]{4,6})\s*$`).FindStringSubmatch(strings.TrimSpace(out.String())); m != nil {
		return "EPSG:" + m[1]
	}
	return ""
}

// rows has ogr2ogr write the features as GeoJSON, one a line, while they are
// read. The coordinates are those of the file, flat: the driver is told that
// they are WGS 84 already, because it would transform them otherwise.
func (v *vectorFile) rows(ctx context.Context, sheet int, yield func(*Row) error) error {
	l := &v.layers[sheet]
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := append([]string{"-f", "GeoJSONSeq", "-a_srs", "EPSG:4326", "-dim", "XY", "-lco", "COORDINATE_PRECISION=11", "/vsistdout/"}, l.open...)
	args = append(args, l.path)
	if l.name != "" {
		args = append(args, l.name)
	}
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := v.run(ctx, out, "ogr2ogr", args...)
		out.CloseWithError(err) // nil becomes io.EOF
		done <- err
	}()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<20), v.limits.Feature)
	row := Row{Values: make([]string, len(l.names))}
	var err error
	for err == nil && lines.Scan() {
		text := bytes.TrimLeft(lines.Bytes(), "\x1e")
		if len(text) == 0 {
			continue
		}
		var f *feature
		if f, err = readFeature(text, v.limits); err != nil {
			break
		}
		row.Line++
		clear(row.Values)
		for i, name := range f.names {
			if at, ok := l.index[name]; ok {
				row.Values[at] = f.values[i]
			}
		}
		row.Geometry = f.geometry
		err = yield(&row)
	}
	if err == nil && errors.Is(lines.Err(), bufio.ErrTooLong) {
		err = tooMuch("bytes in a feature", int64(v.limits.Feature))
	}
	if err != nil {
		cancel()
	}
	_ = in.Close() // a GDAL that still writes gets a broken pipe
	if said := <-done; err == nil {
		err = said
	}
	return err
}
