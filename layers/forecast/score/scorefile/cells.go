package scorefile

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/datafile"
	"onemap/layers/forecast/score"
)

// A Source says how a file of a forecast is read. Columns that are not named
// are found by their usual names.
type Source struct {
	Path                    string
	CRS                     string // "": what the file says
	ID, Score, Second, Flag string // columns
	// CellM is the side of square cells of which the file has the middle only,
	// in metres.
	CellM float64
}

// Cells are what a file holds.
type Cells struct {
	Cells []score.Cell // in the plane of score.Plane
	CRS   string
	Flags bool // the file has flags and no score, or flags were asked for
}

// usual names of columns, most telling first.
var (
	flagNames  = []string{"hotspot", "flag", "flagged", "is_hotspot", "hot", "selected", "重点", "热点"}
	scoreNames = []string{"score", "risk", "risk_score", "expected", "rate", "probability", "prob", "density", "intensity", "prediction", "predicted", "forecast", "value", "得分", "风险", "预测", "期望"}
	idNames    = []string{"id", "cell_id", "cell", "cellid", "grid_id", "grid", "grid_code", "code", "sp_id", "fid", "网格", "网格编码", "编号"}
	wktNames   = []string{"wkt", "geometry", "geom", "the_geom", "shape", "polygon"}
	lonNames   = []string{"lon", "lng", "longitude", "long", "经度"}
	latNames   = []string{"lat", "latitude", "纬度"}
	xNames     = []string{"x", "easting", "x_coord", "xcoord", "x_center", "x_centre", "east"}
	yNames     = []string{"y", "northing", "y_coord", "ycoord", "y_center", "y_centre", "north"}
)

// ReadCells reads a forecast. It returns a [layers.InputError] that names the
// option, or the column and row, and how to mend it.
func ReadCells(ctx context.Context, s Source) (Cells, error) {
	f, err := datafile.Open(ctx, s.Path, s.Path, "", datafile.Default)
	if err != nil {
		return Cells{}, err
	}
	defer f.Close()
	sheet, err := f.Sheet(ctx, "", datafile.Header{})
	if err != nil {
		return Cells{}, err
	}
	r := reader{source: s, columns: sheet.Columns, sheet: sheet, out: Cells{Cells: []score.Cell{}}}
	if err := r.find(); err != nil {
		return Cells{}, err
	}
	if err := f.Read(ctx, sheet, r.row); err != nil {
		return Cells{}, err
	}
	if len(r.out.Cells) == 0 {
		return Cells{}, &layers.InputError{Field: "forecast", Value: layers.Short(s.Path), Remedy: "a file with at least one cell: it has none"}
	}
	if err := r.project(ctx); err != nil {
		return Cells{}, err
	}
	r.name()
	r.out.CRS = r.crs.String()
	return r.out, nil
}

type reader struct {
	source                  Source
	sheet                   datafile.Sheet
	columns                 columns
	id, score, second, flag int
	wkt, x, y               int
	box                     [4]int // xmin, ymin, xmax, ymax
	crs                     crs.CRS
	out                     Cells
	ids                     map[string]bool
	twice                   bool
}

// find finds the columns.
func (r *reader) find() error {
	c := r.columns
	var errs [8]error
	r.id, errs[0] = c.find("id", r.source.ID, idNames...)
	r.flag, errs[1] = c.find("flag", r.source.Flag, flagNames...)
	r.score, errs[2] = c.find("score", r.source.Score, scoreNames...)
	r.second, errs[3] = c.find("second", r.source.Second)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	switch {
	case r.source.Score != "" && r.source.Flag != "":
		return &layers.InputError{Field: "flag", Remedy: "a score or a flag, not both: they are two forecasts"}
	case r.source.Score == "" && r.flag >= 0:
		r.out.Flags, r.score = true, -1
	case r.score < 0:
		return &layers.InputError{Field: "score", Remedy: "the column with the score, or of flags the one with 0 and 1. The file's columns: " + strings.Join(c, ", ")}
	}
	return r.findPlace()
}

func (r *reader) findPlace() error {
	c := r.columns
	usual := func(names ...string) int { i, _ := c.find("", "", names...); return i }
	r.wkt, r.x, r.y = -1, -1, -1
	lonLat := false
	switch {
	case r.sheet.Geometry:
	case usual(wktNames...) >= 0:
		r.wkt = usual(wktNames...)
	case usual("xmin", "min_x", "left") >= 0 && usual("ymin", "min_y", "bottom") >= 0 && usual("xmax", "max_x", "right") >= 0 && usual("ymax", "max_y", "top") >= 0:
		r.box = [4]int{usual("xmin", "min_x", "left"), usual("ymin", "min_y", "bottom"), usual("xmax", "max_x", "right"), usual("ymax", "max_y", "top")}
	case usual(lonNames...) >= 0 && usual(latNames...) >= 0:
		r.x, r.y, lonLat = usual(lonNames...), usual(latNames...), true
	case usual(xNames...) >= 0 && usual(yNames...) >= 0:
		r.x, r.y = usual(xNames...), usual(yNames...)
	default:
		return &layers.InputError{Field: "forecast", Remedy: "cells with a place: a column wkt, or xmin, ymin, xmax and ymax, or lon and lat (x and y) of their middle. The file's columns: " + strings.Join(c, ", ")}
	}
	if r.x >= 0 && !(r.source.CellM > 0) {
		return &layers.InputError{Field: "cell", Remedy: "the side of the cells in metres, such as 150: the file has only their middle"}
	}
	var err error
	r.crs, err = systemOf(r.sheet, "crs", r.source.CRS, lonLat)
	return err
}

// row reads one cell.
func (r *reader) row(row *datafile.Row) error {
	c := score.Cell{ID: at(row, r.id)}
	var err error
	if c.Shape, err = r.shape(row); err != nil {
		return err
	}
	if r.out.Flags {
		if c.Flagged, err = truth(row, r.columns[r.flag], at(row, r.flag)); err != nil {
			return err
		}
	} else if c.Score, err = number(row, r.columns[r.score], at(row, r.score)); err != nil {
		return err
	}
	if r.second >= 0 {
		if c.Second, err = number(row, r.columns[r.second], at(row, r.second)); err != nil {
			return err
		}
	}
	if r.ids == nil {
		r.ids = map[string]bool{}
	}
	if r.ids[c.ID] {
		r.twice = true
	}
	r.ids[c.ID] = true
	r.out.Cells = append(r.out.Cells, c)
	return nil
}

// name gives cells their number where the file has no ids that differ.
func (r *reader) name() {
	if r.source.ID != "" || r.id >= 0 && !r.twice {
		return
	}
	for i := range r.out.Cells {
		r.out.Cells[i].ID = strconv.Itoa(i + 1)
	}
}

// shape returns the outline of a cell as the file has it.
func (r *reader) shape(row *datafile.Row) (orb.MultiPolygon, error) {
	switch {
	case r.sheet.Geometry:
		return polygons(row, "geometry", row.Geometry)
	case r.wkt >= 0:
		text := at(row, r.wkt)
		if i := strings.IndexByte(text, ';'); i >= 0 && strings.HasPrefix(strings.ToUpper(text), "SRID=") {
			text = text[i+1:]
		}
		g, err := wkt.Unmarshal(text)
		if err != nil {
			return nil, wrong(row, r.columns[r.wkt], text, "a polygon as WKT")
		}
		return polygons(row, r.columns[r.wkt], g)
	case r.x >= 0:
		x, err := number(row, r.columns[r.x], at(row, r.x))
		if err != nil {
			return nil, err
		}
		y, err := number(row, r.columns[r.y], at(row, r.y))
		if err != nil {
			return nil, err
		}
		dx, dy := r.source.CellM/2, r.source.CellM/2
		if r.degrees() {
			dx, dy = inDegrees(dx, y)
		}
		return square(x-dx, y-dy, x+dx, y+dy), nil
	}
	var v [4]float64
	for i, col := range r.box {
		n, err := number(row, r.columns[col], at(row, col))
		if err != nil {
			return nil, err
		}
		v[i] = n
	}
	if !(v[0] < v[2] && v[1] < v[3]) {
		return nil, wrong(row, "box", fmt.Sprint(v), "xmin below xmax and ymin below ymax")
	}
	return square(v[0], v[1], v[2], v[3]), nil
}

func (r *reader) degrees() bool {
	_, plane := crs.PlaneOf(r.crs)
	return !plane && !r.crs.NeedsPROJ()
}

func square(x0, y0, x1, y1 float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

// inDegrees returns how many degrees of longitude and latitude so many metres
// are (Snyder 1987, p. 25).
func inDegrees(m, lat float64) (lon, latitude float64) {
	const a, e2 = 6378137.0, 0.00669437999014
	sin, cos := math.Sincos(lat * math.Pi / 180)
	w := math.Sqrt(1 - e2*sin*sin)
	perDegree := math.Pi / 180 * a
	return m / (perDegree * max(cos, 1e-6) / w), m / (perDegree * (1 - e2) / (w * w * w))
}

func polygons(row *datafile.Row, column string, g orb.Geometry) (orb.MultiPolygon, error) {
	var out orb.MultiPolygon
	switch g := g.(type) {
	case orb.Polygon:
		out = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		out = g
	case orb.Bound:
		out = orb.MultiPolygon{g.ToPolygon()}
	}
	kept := orb.MultiPolygon{}
	for _, p := range out {
		if len(p) > 0 && len(p[0]) >= 3 {
			kept = append(kept, p.Clone())
		}
	}
	if len(kept) == 0 {
		what := "nothing"
		if g != nil {
			what = g.GeoJSONType()
		}
		return nil, wrong(row, column, what, "a polygon: a forecast is of areas")
	}
	return kept, nil
}

// project brings all cells to the plane that keeps areas.
func (r *reader) project(ctx context.Context) error {
	var all []orb.Point
	each := func(f func(orb.Ring)) {
		for _, c := range r.out.Cells {
			for _, p := range c.Shape {
				for _, ring := range p {
					f(ring)
				}
			}
		}
	}
	each(func(ring orb.Ring) { all = append(all, ring...) })
	if err := toLonLat(ctx, r.crs, "crs", all); err != nil {
		return err
	}
	i := 0
	each(func(ring orb.Ring) {
		for k := range ring {
			ring[k] = score.Plane(all[i])
			i++
		}
	})
	return nil
}

func number(row *datafile.Row, column, text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, wrong(row, column, text, "a finite number")
	}
	return v, nil
}

func truth(row *datafile.Row, column, text string) (bool, error) {
	switch strings.ToLower(text) {
	case "1", "true", "t", "yes", "y", "是", "1.0":
		return true, nil
	case "0", "false", "f", "no", "n", "否", "", "0.0":
		return false, nil
	}
	return false, wrong(row, column, text, "1 or 0: is the cell flagged? For a score name its column by --score")
}
