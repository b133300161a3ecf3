package intake

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"github.com/paulmach/orb/encoding/wkt"
	"golang.org/x/text/width"

	"onemap/geo/crs"
	"onemap/geo/crsfit"
	"onemap/layers"
)

// stagedPlace says where the place of a row that is staged comes from.
type stagedPlace struct {
	method  crsfit.Method
	want    string // the layer's type of geometry
	column  int    // slot of a column with both coordinates or WKT; -1: none
	address []int
	fold    []int // slots of numbers and dates, which offices write in wide characters too
	locate  func(ctx context.Context, addresses []string) ([]orb.Point, []bool, error)
}

func newStagedPlace(m Mapping, p *plan, method crsfit.Method, o StageOptions) (*stagedPlace, error) {
	s := &stagedPlace{method: method, want: o.Layer.Geometry, column: -1, locate: o.Locate}
	n := 0
	if p.lon >= 0 {
		n++
	}
	if m.Geometry.Column != "" {
		s.column = p.cols.slot(m.Geometry.Column)
		n++
	}
	for _, a := range m.Geometry.Address {
		s.address = append(s.address, p.cols.slot(a))
	}
	if len(s.address) > 0 {
		n++
		if s.locate == nil {
			return nil, &layers.InputError{Field: "place.address", Remedy: "coordinates: addresses are not looked up here"}
		}
	}
	if n > 1 {
		return nil, &layers.InputError{Field: "place", Remedy: "one of: the file's geometry, two columns, one column, an address"}
	}
	if (p.lon >= 0 || len(s.address) > 0) && s.want != "Point" {
		return nil, &layers.InputError{Field: "place", Remedy: "the file's geometry or a column of WKT: the layer is of " + s.want}
	}
	for i := range p.fields {
		if f := &p.fields[i]; f.kind != text && f.constant == nil {
			for _, slot := range f.slots {
				if !slices.Contains(s.fold, slot) {
					s.fold = append(s.fold, slot)
				}
			}
		}
	}
	return s, nil
}

// waiting is a row whose place is yet to be brought to the map.
type waiting struct {
	row  int
	line int
	vals []string
	raw  string
	at   orb.Geometry // as the file has it, in (x, y) order and decimal degrees
}

// readStaged makes the rows of a chunk that is staged.
func (w *worker) readStaged(ctx context.Context, c chunk) batch {
	b := batch{bytes: make([]byte, 0, stageChunk*100)}
	var wait []waiting
	var addresses []string
	s := w.p.staged
	c.records(c, func(r *record) {
		b.rows = append(b.rows, row{line: r.line, raw: r.raw})
		out := &b.rows[len(b.rows)-1]
		for _, slot := range s.fold {
			r.values[slot] = FoldNumber(r.values[slot])
		}
		if r.fault != nil {
			out.reject(r.fault)
			return
		}
		if why := w.p.unwanted(r); why != "" {
			out.state, out.why = skipped, why
			return
		}
		g, fault := w.p.geometry(r)
		if fault != nil {
			out.reject(fault)
			return
		}
		if len(s.address) > 0 {
			addresses = append(addresses, s.addressOf(r))
		}
		wait = append(wait, waiting{len(b.rows) - 1, r.line, slices.Clone(r.values), r.raw, g})
	})
	if len(s.address) > 0 {
		b.err = w.located(ctx, &b, wait, addresses)
		return b
	}
	b.err = w.placed(ctx, &b, wait)
	return b
}

// geometry reads the geometry of a row as it stands in the file; nil for addresses.
func (p *plan) geometry(r *record) (orb.Geometry, *Fault) {
	s := p.staged
	var g orb.Geometry
	switch {
	case len(s.address) > 0:
		return nil, nil
	case p.lon >= 0:
		var pair [2]float64
		for i, slot := range [2]int{p.lon, p.lat} {
			v := strings.TrimSpace(r.values[slot])
			if v == "" {
				return nil, &Fault{Field: p.cols.names[slot], Reason: "no coordinates"}
			}
			n, ok := Angle(v)
			if !ok {
				return nil, &Fault{Field: p.cols.names[slot], Value: shorten(v, 100), Reason: "not a coordinate"}
			}
			pair[i] = n
		}
		g = orb.Point(pair)
	case s.column >= 0:
		v := strings.TrimSpace(r.values[s.column])
		if v == "" {
			return nil, &Fault{Field: p.cols.names[s.column], Reason: "no coordinates"}
		}
		var ok bool
		if g, ok = ParsePlace(v); !ok {
			return nil, &Fault{Field: p.cols.names[s.column], Value: shorten(v, 100), Reason: "neither two coordinates nor WKT"}
		}
	default:
		if g = r.geom; g == nil {
			return nil, &Fault{Field: "geometry", Reason: "no place"}
		}
	}
	g, why := fit(g, s.want)
	if why != "" {
		return nil, &Fault{Field: "geometry", Value: r.geomType(), Reason: why}
	}
	if pt, ok := g.(orb.Point); ok && pt == (orb.Point{}) {
		return nil, &Fault{Field: "geometry", Value: "0 0", Reason: "0, 0 is no place but a missing one"}
	}
	read, err := crs.Each(g, func(q orb.Point) (orb.Point, error) {
		if math.IsNaN(q[0]+q[1]) || math.IsInf(q[0]+q[1], 0) {
			return q, crsfit.ErrNumber
		}
		return s.method.Coordinates(q)
	})
	if err != nil {
		return nil, &Fault{Field: "geometry", Value: firstOf(g), Reason: "not a coordinate of " + s.method.String()}
	}
	return read, nil
}

func (r *record) geomType() string {
	if r.geom == nil {
		return ""
	}
	return r.geom.GeoJSONType()
}

func firstOf(g orb.Geometry) string {
	switch g := g.(type) {
	case orb.Point:
		return fmt.Sprintf("%g %g", g[0], g[1])
	case nil:
		return ""
	default:
		b := g.Bound()
		return fmt.Sprintf("%g %g", b.Min[0], b.Min[1])
	}
}

// placed brings rows to the map.
func (w *worker) placed(ctx context.Context, b *batch, wait []waiting) error {
	if len(wait) == 0 {
		return nil
	}
	c := w.p.staged.method.CRS
	// All vertices at once: one way to PROJ and back for the whole chunk.
	var in []orb.Point
	for i := range wait {
		_, _ = crs.Each(wait[i].at, func(q orb.Point) (orb.Point, error) { in = append(in, q); return q, nil })
	}
	out, ok, err := toMap(ctx, w, c, in)
	if err != nil {
		return err
	}
	next := 0
	for i := range wait {
		at := &wait[i]
		good := true
		g, _ := crs.Each(at.at, func(orb.Point) (orb.Point, error) {
			good = good && ok[next]
			next++
			return out[next-1], nil
		})
		row := &b.rows[at.row]
		if !good {
			row.reject(&Fault{Field: "geometry", Value: firstOf(at.at), Reason: "outside the area of " + c.String()})
			continue
		}
		w.put(b, row, &record{line: at.line, values: at.vals, raw: at.raw}, at.at, g, c)
	}
	return nil
}

// toMap brings points to longitude and latitude of WGS 84: here where the
// system is a plane that we compute, else by PostGIS.
func toMap(ctx context.Context, w *worker, c crs.CRS, in []orb.Point) ([]orb.Point, []bool, error) {
	plane, ours := crs.PlaneOf(c)
	if !ours {
		return Transform(ctx, w.db, c, in)
	}
	out, ok := make([]orb.Point, len(in)), make([]bool, len(in))
	for i, p := range in {
		out[i], ok[i] = plane.Inverse(p)
	}
	return out, ok, nil
}

// located looks up the addresses of rows.
func (w *worker) located(ctx context.Context, b *batch, wait []waiting, addresses []string) error {
	if len(wait) == 0 {
		return nil
	}
	at, ok, err := w.p.staged.locate(ctx, addresses)
	if err != nil {
		return err
	}
	wgs84, err := crs.Parse("WGS84")
	if err != nil {
		return err
	}
	for i := range wait {
		row := &b.rows[wait[i].row]
		if !ok[i] {
			row.reject(&Fault{Field: "address", Value: shorten(addresses[i], 100), Reason: "no place is known for this address with enough certainty"})
			continue
		}
		w.put(b, row, &record{line: wait[i].line, values: wait[i].vals, raw: wait[i].raw}, at[i], at[i], wgs84)
	}
	return nil
}

func (s *stagedPlace) addressOf(r *record) string {
	var parts []string
	for _, slot := range s.address {
		if v := strings.TrimSpace(r.values[slot]); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, "")
}

// put writes the tuple of a row that has its place.
func (w *worker) put(b *batch, out *row, r *record, orig, at orb.Geometry, c crs.CRS) {
	if p, ok := at.(orb.Point); ok {
		if f := onMap(p, w.p.bounds); f != nil {
			out.reject(f)
			return
		}
	} else if box := at.Bound(); !(box.Min[0] >= -180 && box.Max[0] <= 180 && box.Min[1] >= -90 && box.Max[1] <= 90) {
		out.reject(&Fault{Field: "geometry", Value: firstOf(at), Reason: "not longitude and latitude: are they swapped, or is the coordinate system another?"})
		return
	} else if !w.p.bounds.Intersects(box) {
		out.reject(&Fault{Field: "geometry", Value: firstOf(at), Reason: "far outside the mapping's bounds, or all grids"})
		return
	}
	wkb, err := ewkb.Marshal(at, 4326)
	var first []byte
	if err == nil && !c.IsLonLat() {
		first, err = ewkb.Marshal(orig, c.SRID())
	}
	if err != nil {
		out.reject(&Fault{Field: "geometry", Reason: "a geometry that cannot be written"})
		return
	}
	code, area := "", "" // of shapes, the database finds them
	if p, ok := at.(orb.Point); ok {
		code, area = w.p.finder.At(p)
	}
	w.third(b, out, r, func(buf []byte) []byte {
		buf = appendText(buf, code)
		buf = appendText(buf, area)
		buf = appendText(buf, c.String())
		if first == nil {
			buf = appendNull(buf)
		} else {
			buf = append(binary.BigEndian.AppendUint32(buf, uint32(len(first))), first...)
		}
		buf = appendInt8(buf, w.batchN)
		return append(binary.BigEndian.AppendUint32(buf, uint32(len(wkb))), wkb...)
	})
}

// fit makes a geometry of the wanted type of one that is as good; why says why not.
func fit(g orb.Geometry, want string) (_ orb.Geometry, why string) {
	switch h := g.(type) {
	case orb.MultiPoint:
		if want == "Point" && len(h) == 1 {
			g = h[0]
		}
	case orb.Point:
		if want == "MultiPoint" {
			g = orb.MultiPoint{h}
		}
	case orb.LineString:
		if want == "MultiLineString" {
			g = orb.MultiLineString{h}
		}
	case orb.MultiLineString:
		if want == "LineString" && len(h) == 1 {
			g = h[0]
		}
	case orb.Polygon:
		if want == "MultiPolygon" {
			g = orb.MultiPolygon{h}
		}
	case orb.MultiPolygon:
		if want == "Polygon" && len(h) == 1 {
			g = h[0]
		}
	case nil:
		return nil, "no place"
	}
	if g.GeoJSONType() != want {
		return nil, "not a " + want
	}
	ok := true
	ring := func(r orb.Ring) orb.Ring {
		if n := len(r); n > 0 && r[0] != r[n-1] {
			r = append(slices.Clone(r), r[0])
		}
		ok = ok && len(r) >= 4
		return r
	}
	line := func(l orb.LineString) { ok = ok && len(l) >= 2 }
	switch h := g.(type) {
	case orb.LineString:
		line(h)
	case orb.MultiLineString:
		ok = len(h) > 0
		for _, l := range h {
			line(l)
		}
	case orb.Polygon:
		ok = len(h) > 0
		for i := range h {
			h[i] = ring(h[i])
		}
	case orb.MultiPolygon:
		ok = len(h) > 0
		for _, p := range h {
			ok = ok && len(p) > 0
			for i := range p {
				p[i] = ring(p[i])
			}
		}
	case orb.MultiPoint:
		ok = len(h) > 0
	}
	if !ok {
		return nil, "too few vertices"
	}
	return g, ""
}

// ParsePlace reads a text with two coordinates ("120.0745,29.3068", in the order
// of the file) or WKT.
func ParsePlace(v string) (orb.Geometry, bool) {
	v = strings.Trim(width.Fold.String(v), "()[] ")
	if v == "" {
		return nil, false
	}
	if c := v[0]; c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
		if _, rest, ok := strings.Cut(v, ";"); ok && strings.HasPrefix(strings.ToUpper(v), "SRID=") {
			v = rest
		}
		if !strings.HasSuffix(v, ")") {
			v += ")" // trimmed above
		}
		for strings.Count(v, "(") > strings.Count(v, ")") {
			v += ")"
		}
		g, err := wkt.Unmarshal(v)
		return g, err == nil && g != nil
	}
	parts := strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' || r == '、' || r == '|' })
	if len(parts) != 2 {
		parts = strings.Fields(v)
	}
	if len(parts) != 2 {
		return nil, false
	}
	x, ok1 := Angle(parts[0])
	y, ok2 := Angle(parts[1])
	return orb.Point{x, y}, ok1 && ok2
}

// FoldNumber writes a number or date of wide characters, or with a comma at
// each thousand, as a program does.
func FoldNumber(v string) string {
	wide := false
	for _, r := range v {
		if r >= 0xff00 {
			wide = true
		}
	}
	if wide {
		v = width.Fold.String(v)
	}
	if strings.IndexByte(v, ',') > 0 && thousands(v) {
		v = strings.ReplaceAll(v, ",", "")
	}
	return v
}

func thousands(v string) bool {
	whole, _, _ := strings.Cut(strings.TrimLeft(strings.TrimSpace(v), "+-"), ".")
	for i, part := range strings.Split(whole, ",") {
		if len(part) != 3 && (i > 0 || len(part) == 0 || len(part) > 3) || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}
