package datafile

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"onemap/layers"
	"onemap/layers/gdal"
)

// Open finds out what a file is and what is in it. file is a path of ours; name
// is what its sender called it, of which only the ending is looked at, and only
// where the content does not tell. What is unpacked goes to a folder of its own
// in dir ("": the system's) that Close removes.
//
// It returns a [layers.InputError] for a file that will not do, and an error
// wrapping [gdal.ErrMissing] where GDAL must read it and is not installed.
func Open(ctx context.Context, file, name, dir string, limits Limits) (*File, error) {
	f := &File{limits: limits}
	err := f.open(ctx, file, name, dir, 0)
	if err == nil {
		f.sheets, err = f.body.sheets(ctx)
	}
	if err == nil && len(f.sheets) == 0 {
		err = unreadable("a file with a table in it")
	}
	if err == nil {
		err = f.heads(ctx)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// heads finds the headers of all sheets of cells, and gives each the file's notes.
func (f *File) heads(ctx context.Context) error {
	g, ok := f.body.(grid)
	var kept []Sheet
	for i := range f.sheets {
		if ok {
			s, err := f.withHeader(ctx, g, i, Header{})
			if errors.Is(err, errNoHeader) && len(f.sheets) > 1 {
				continue // an empty worksheet
			}
			if err != nil {
				return err
			}
			f.sheets[i] = s
		}
		f.sheets[i].Notes = append(f.sheets[i].Notes, f.notes...)
		if len(f.sheets[i].Columns) > f.limits.Columns {
			return tooMuch("columns", int64(f.limits.Columns))
		}
		kept = append(kept, f.sheets[i])
	}
	if len(kept) == 0 {
		return unreadable("a file with a table in it: a row of column names, and rows below it")
	}
	// A worksheet's place is its index in the book, so an empty one stays in
	// the list of the body and is only not shown.
	if len(kept) < len(f.sheets) {
		f.body = &some{g, f.sheets, kept}
		f.sheets = kept
	}
	return nil
}

// some is a book of which only some sheets are shown.
type some struct {
	grid
	all, kept []Sheet
}

func (s *some) at(i int) int {
	for j := range s.all {
		if s.all[j].Name == s.kept[i].Name {
			return j
		}
	}
	return i
}

func (s *some) rows(ctx context.Context, i int, yield func(*Row) error) error {
	return s.grid.rows(ctx, s.at(i), yield)
}
func (s *some) merged(i, above int) []box { return s.grid.merged(s.at(i), above) }

// how files begin.
var (
	isZip    = []byte("PK\x03\x04")
	isGzip   = []byte{0x1f, 0x8b}
	isSQLite = []byte("SQLite format 3\x00")
	isFGB    = []byte("fgb\x03")
	isOLE    = []byte{0xd0, 0xcf, 0x11, 0xe0}
)

func (f *File) open(ctx context.Context, file, name, dir string, depth int) error {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return unreadable("a file that can be read")
	}
	if info.Size() > f.limits.Bytes {
		return tooMuch("bytes", f.limits.Bytes)
	}
	head, err := beginning(file)
	if err != nil {
		return err
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x1e")
	end := strings.ToLower(path.Ext(strings.ReplaceAll(name, "\\", "/")))
	vector := func(format, driver, ext string) error { return f.vector(ctx, file, format, driver, ext, dir) }
	switch {
	case len(head) == 0:
		return unreadable("it is empty")
	case bytes.HasPrefix(head, isZip):
		return f.archive(ctx, file, dir, depth)
	case bytes.HasPrefix(head, isGzip):
		return f.gunzip(ctx, file, name, dir, depth)
	case bytes.HasPrefix(head, isSQLite):
		return vector("gpkg", "GPKG", ".gpkg")
	case bytes.HasPrefix(head, isFGB):
		return vector("fgb", "FlatGeobuf", ".fgb")
	case bytes.HasPrefix(head, isOLE):
		return unreadable("a workbook of today: open it and save it as .xlsx")
	case bytes.HasPrefix(text, []byte("{")):
		f.Format, f.body = "geojson", &geojsonFile{path: file, limits: f.limits}
		return nil
	case bytes.HasPrefix(text, []byte("<")):
		if err := plainXML(file); err != nil {
			return err
		}
		return vector("kml", "LIBKML", ".kml")
	case end == ".dxf" && !bytes.ContainsRune(head, 0):
		return vector("dxf", "DXF", ".dxf")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), !bytes.ContainsRune(head, 0):
		c, err := openCSV(file, f.limits)
		if err != nil {
			return err
		}
		f.Format, f.body = "csv", c
		f.notes = append(f.notes, Note{Code: "encoding", Text: c.encoding})
		return nil
	}
	return unreadable("CSV, XLSX, a Shapefile in a zip, GeoPackage, GeoJSON, KML, FlatGeobuf or DXF")
}

// beginning reads the first bytes of a file.
func beginning(file string) ([]byte, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, unreadable("a file that can be read")
	}
	defer in.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	return head[:n], nil
}

// folder makes a folder for what is unpacked.
func (f *File) folder(dir string) (string, error) {
	made, err := os.MkdirTemp(dir, ".onemap-file-")
	if err != nil {
		return "", fmt.Errorf("a folder to unpack to: %w", err)
	}
	f.undo = append(f.undo, func() { _ = os.RemoveAll(made) })
	return made, nil
}

// gunzip unpacks a file once, and no further.
func (f *File) gunzip(ctx context.Context, file, name, dir string, depth int) error {
	if depth > 0 {
		return unreadable("a file that is packed once")
	}
	to, err := f.folder(dir)
	if err != nil {
		return err
	}
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		return unreadable("it is damaged: not gzip as it begins")
	}
	inner := filepath.Join(to, "unpacked")
	if err := f.unpack(z, inner); err != nil {
		return err
	}
	return f.open(ctx, inner, strings.TrimSuffix(strings.ToLower(name), ".gz"), dir, depth+1)
}

// unpack writes what comes out of a packed file, up to the limit.
func (f *File) unpack(from io.Reader, to string) error {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	n, err := io.Copy(out, io.LimitReader(from, f.limits.Unpacked+1))
	if e := out.Close(); err == nil && e != nil {
		return fmt.Errorf("unpack: %w", e)
	}
	switch {
	case n > f.limits.Unpacked:
		return tooMuch("bytes unpacked", f.limits.Unpacked)
	case errors.As(err, new(*os.PathError)):
		return fmt.Errorf("unpack: %w", err)
	case err != nil:
		return unreadable("it is damaged: what is packed in it cannot be unpacked")
	}
	f.limits.Unpacked -= n // for all that comes out of one file
	return nil
}

// archive opens a zip: a workbook, a Shapefile, or one file of another format.
func (f *File) archive(ctx context.Context, file, dir string, depth int) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return unreadable("it is damaged: no zip as it begins")
	}
	f.undo = append(f.undo, func() { _ = z.Close() })
	if len(z.File) > f.limits.Entries {
		return tooMuch("files in an archive", int64(f.limits.Entries))
	}
	var total uint64
	for _, e := range z.File {
		if total += e.UncompressedSize64; total > uint64(f.limits.Unpacked) {
			return tooMuch("bytes unpacked", f.limits.Unpacked)
		}
		if e.Flags&1 != 0 {
			return unreadable("an archive without a password")
		}
	}
	if part(z.File, "xl/workbook.xml") != nil {
		b, err := openXLSX(z.File, f.limits)
		if err != nil {
			return err
		}
		f.Format, f.body = "xlsx", b
		return nil
	}
	if depth > 0 {
		return unreadable("files in an archive, and not archives in an archive")
	}
	if found, err := f.shapes(ctx, z.File, dir); found || err != nil {
		return err
	}
	return f.only(ctx, z.File, dir)
}

// only opens the one file in an archive that has rows.
func (f *File) only(ctx context.Context, entries []*zip.File, dir string) error {
	var found []*zip.File
	for _, e := range entries {
		switch strings.ToLower(path.Ext(entryName(e))) {
		case ".csv", ".txt", ".tsv", ".xlsx", ".gpkg", ".geojson", ".json", ".kml", ".fgb", ".dxf":
			if e.Mode().IsRegular() && !strings.HasPrefix(entryName(e), "__MACOSX/") {
				found = append(found, e)
			}
		}
	}
	if len(found) != 1 {
		return unreadable("an archive with a Shapefile (.shp, .shx, .dbf) or with exactly one file of rows: it has %d", len(found))
	}
	to, err := f.folder(dir)
	if err != nil {
		return err
	}
	in, err := found[0].Open()
	if err != nil {
		return unreadable("it is damaged: what is packed in it cannot be unpacked")
	}
	defer in.Close()
	inner := filepath.Join(to, "unpacked") // never a name from the archive
	if err := f.unpack(in, inner); err != nil {
		return err
	}
	f.notes = append(f.notes, Note{Code: "unpacked", Text: layers.Short(path.Base(entryName(found[0])))})
	return f.open(ctx, inner, entryName(found[0]), dir, 1)
}

func part(entries []*zip.File, name string) *zip.File {
	for _, e := range entries {
		if strings.EqualFold(strings.TrimPrefix(e.Name, "/"), name) {
			return e
		}
	}
	return nil
}

// GDALMissing says whether a file could not be read for want of GDAL.
func GDALMissing(err error) bool { return errors.Is(err, gdal.ErrMissing) }
