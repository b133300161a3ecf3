package upload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"golang.org/x/text/unicode/norm"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/datafile"
	"onemap/layers/intake"
)

// A Sheet is one of a file's tables with what was found out about it.
type Sheet struct {
	datafile.Sheet
	Rows       int            `json:"rows" doc:"That were looked at"`
	More       bool           `json:"more,omitempty" doc:"There are more than these"`
	Geometries map[string]int `json:"geometries,omitempty" doc:"Kinds of geometry, and how many"`
	About      []Column       `json:"about" nullable:"false"`
	First      [][]string     `json:"first" nullable:"false" doc:"The first rows, values in the order of the columns"`
	Plan       Plan           `json:"plan" doc:"How it might become a new layer"`
	Remembered *Plan          `json:"remembered,omitempty" doc:"How an earlier file with these columns was read"`
}

// How much of a sheet is looked at, and shown.
const (
	lookRows  = 5000
	showRows  = 50
	maxSheets = 20 // are looked at
)

var errSeen = errors.New("seen enough")

// look finds out what is in a file.
func (s *Store) look(ctx context.Context, by access.Scope, file string, u *Upload) error {
	done, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	f, err := datafile.Open(ctx, file, u.Name, "", s.limits())
	if err != nil {
		return err
	}
	defer f.Close()
	u.Format = f.Format
	for _, sheet := range f.Sheets() {
		if len(u.Sheets) == maxSheets {
			break
		}
		found, err := s.sheet(ctx, by, f, sheet, u.Name)
		if err != nil {
			return err
		}
		u.Sheets = append(u.Sheets, found)
	}
	return nil
}

// Look reads a sheet again with its header where a person says.
func (s *Store) Look(ctx context.Context, by access.Scope, id int64, sheet string, h datafile.Header) (Sheet, error) {
	u, err := s.Get(ctx, by, id)
	if err != nil {
		return Sheet{}, err
	}
	done, err := s.turn(ctx)
	if err != nil {
		return Sheet{}, err
	}
	defer done()
	f, err := s.file(ctx, u)
	if err != nil {
		return Sheet{}, err
	}
	defer f.Close()
	d, err := f.Sheet(ctx, sheet, h)
	if err != nil {
		return Sheet{}, err
	}
	return s.sheet(ctx, by, f, d, u.Name)
}

func (s *Store) sheet(ctx context.Context, by access.Scope, f *datafile.File, d datafile.Sheet, fileName string) (Sheet, error) {
	out := Sheet{Sheet: d, About: []Column{}, First: [][]string{}, Geometries: map[string]int{}}
	tallies := make([]*tally, len(d.Columns))
	for i, name := range d.Columns {
		tallies[i] = newTally(name)
	}
	err := f.Read(ctx, d, func(r *datafile.Row) error {
		if out.Rows == lookRows {
			out.More = true
			return errSeen
		}
		out.Rows++
		for i, v := range r.Values {
			tallies[i].add(v)
		}
		if r.Geometry != nil {
			out.Geometries[r.Geometry.GeoJSONType()]++
		}
		if len(out.First) < showRows {
			row := make([]string, len(r.Values))
			for i, v := range r.Values {
				row[i] = layers.Short(v)
			}
			out.First = append(out.First, row)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errSeen) {
		return out, err
	}
	key := ""
	for _, t := range tallies {
		out.About = append(out.About, t.column())
	}
	for i, t := range tallies {
		c := &out.About[i]
		if c.Role == "" && c.Personal == "" && serialName.MatchString(t.name) {
			c.Role = "serial"
		} else if key == "" && (c.Role == "" || c.Role == "name") && c.Personal == "" && (codeName.MatchString(t.name) || c.List == "uscc") && t.unique(out.Rows) {
			key, c.Role = t.name, "key"
		}
	}
	if err := s.lists(ctx, tallies, out.About); err != nil {
		return out, err
	}
	out.Plan = guessPlan(out, key, fileName, by.Org().Code)
	if err := s.recall(ctx, by, &out); err != nil {
		return out, err
	}
	return out, nil
}

// lists finds the lists of onemap that columns hold codes of.
func (s *Store) lists(ctx context.Context, tallies []*tally, about []Column) error {
	for i, t := range tallies {
		c := &about[i]
		if c.List != "" || c.Type == "date" || c.Type == "time" || c.Type == "number" || c.Type == "boolean" || t.filled == 0 || t.more {
			continue
		}
		values := t.order[:min(len(t.order), 500)]
		if len(values) < 3 && t.filled > 20 || slices.ContainsFunc(values, func(v string) bool { return len(v) > 40 }) {
			continue
		}
		var list string
		err := s.Layers.DB().QueryRow(ctx, `
			WITH v AS (SELECT unnest(@values::text[]) AS v)
			SELECT list FROM (
				SELECT 'grid' AS list, count(*) AS n FROM v WHERE EXISTS (SELECT FROM map.grid_unit g WHERE g.grid_code = v.v)
				UNION ALL SELECT 'area', count(*) FROM v WHERE EXISTS (SELECT FROM onemap.area a WHERE a.code = v.v)
				UNION ALL SELECT 'class:' || standard || '/' || kind, count(DISTINCT code) FROM onemap.class WHERE code = ANY (@values) GROUP BY standard, kind
			) x WHERE n * 10 >= @all::int * 8 ORDER BY n DESC, list LIMIT 1`, pgx.NamedArgs{"values": values, "all": len(values)}).Scan(&list)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("look for lists of codes: %w", err)
		}
		c.List = list
		if list != "" && c.Type == "integer" {
			c.Type, c.Misfits, c.Misfit = "text", 0, ""
		}
	}
	return nil
}

var notWord = regexp.MustCompile(`[\s_\-—()（）\[\]【】]*(\d{4,8}|最新|副本|copy|final|v\d+)[\s_\-—()（）\[\]【】]*$`)

// guessPlan proposes how a sheet becomes a new layer.
func guessPlan(s Sheet, key, fileName, org string) Plan {
	title := fileName
	if i := strings.LastIndexByte(title, '.'); i > 0 {
		title = title[:i]
	}
	if s.Name != "" && !regexp.MustCompile(`(?i)^(sheet|工作表)\d*$`).MatchString(s.Name) && chinese(s.Name) {
		title = s.Name
	}
	if len(s.Titles) > 0 && chinese(s.Titles[0]) && len([]rune(s.Titles[0])) <= 40 {
		title = s.Titles[0]
	}
	title = strings.TrimSpace(notWord.ReplaceAllString(title, ""))
	if title == "" {
		title = "新图层"
	}
	used := map[string]bool{}
	name, _ := fieldName(strings.ReplaceAll(title, "/", " "), map[string]bool{})
	if r := romanised(title); layers.LayerName.MatchString(r) {
		name = r
	}
	p := Plan{Sheet: s.Name, HeaderLine: s.HeaderLine, HeaderRows: s.HeaderRows, Source: name, Key: []string{}, Empty: slices.Clone(NoValues), TimeZone: "Asia/Shanghai", Fields: []Field{},
		New: &NewLayer{Name: name, TitleZH: title, TitleEN: strings.ReplaceAll(name, "_", " "), Geometry: geometryOf(s.Geometries), Share: layers.Conditional,
			ShareBasis: "经数据提供部门同意 (with the consent of the provider)", UpdateCycle: "irregular"}}
	if key != "" {
		p.Key = []string{key}
	}
	role := func(r string) string {
		for _, c := range s.About {
			if c.Role == r && c.Filled > 0 {
				return c.Name
			}
		}
		return ""
	}
	if !s.Geometry || len(s.Geometries) == 0 {
		x, y, column, address := role("x"), role("y"), role("place"), role("address")
		switch {
		case x != "" && y != "":
			p.Place = Place{X: x, Y: y}
		case column != "":
			p.Place = Place{Column: column}
		case address != "":
			p.Place = Place{Address: []string{address}}
		}
	}
	p.CRS = guessCRS(s, p.Place)
	for i, c := range s.About {
		if c.Name == p.Place.X || c.Name == p.Place.Y || c.Name == p.Place.Column || c.Role == "serial" || c.Personal == "id_number" || c.Filled == 0 && s.Rows > 0 {
			continue
		}
		field, en := fieldName(c.Name, used)
		f := Field{Column: s.Columns[i], Field: field, TitleZH: c.Name, TitleEN: en, Type: c.Type, Formats: c.Formats, Sensitivity: layers.Internal}
		if c.Personal != "" {
			f.Sensitivity = layers.Sensitive
		}
		p.Fields = append(p.Fields, f)
	}
	return p
}

// geometryOf is the type that holds most of a sheet's geometries.
func geometryOf(n map[string]int) string {
	points, lines, areas := n["Point"]+n["MultiPoint"], n["LineString"]+n["MultiLineString"], n["Polygon"]+n["MultiPolygon"]
	switch {
	case areas > 0 && areas >= lines && areas >= points:
		return "MultiPolygon"
	case lines > 0 && lines >= points:
		return "MultiLineString"
	case n["MultiPoint"] > n["Point"]:
		return "MultiPoint"
	}
	return "Point"
}

// guessCRS proposes what a file's coordinates are in; the verdict and the
// person come after it. "" where nothing suggests anything: it must be declared.
func guessCRS(s Sheet, place Place) string {
	if len(place.Address) > 0 {
		return "WGS84"
	}
	text := strings.ToUpper(strings.Join(append(append([]string{place.X, place.Y, place.Column, s.CRSName}, s.Titles...), s.Columns...), " "))
	for _, w := range []struct{ word, crs string }{{"GCJ", "GCJ02"}, {"火星", "GCJ02"}, {"高德", "GCJ02"}, {"腾讯", "GCJ02"}, {"百度", "BD09"}, {"BD09", "BD09"}, {"BD-09", "BD09"}} {
		if strings.Contains(text, w.word) {
			return w.crs
		}
	}
	if s.CRS == "EPSG:4326" {
		return "WGS84"
	}
	if s.CRS == "EPSG:4490" {
		return "CGCS2000"
	}
	if s.CRS != "" {
		return s.CRS
	}
	if strings.Contains(text, "CGCS") || strings.Contains(text, "国家2000") || strings.Contains(text, "2000坐标") {
		if x := sample(s, place.X); x >= -180 && x <= 180 {
			return "CGCS2000"
		}
	}
	if strings.Contains(text, "WGS") {
		return "WGS84"
	}
	return ""
}

func sample(s Sheet, column string) float64 {
	for _, c := range s.About {
		if c.Name == column && len(c.Samples) > 0 {
			v, _ := intake.Angle(c.Samples[0])
			return v
		}
	}
	return 1e9
}

// columnKey is a sheet's columns as plans are remembered by.
func columnKey(columns []string) []string {
	out := make([]string, 0, len(columns))
	for _, c := range columns {
		out = append(out, strings.ToLower(norm.NFKC.String(c)))
	}
	slices.Sort(out)
	return out
}

// recall puts an earlier plan in the place of the guess.
func (s *Store) recall(ctx context.Context, by access.Scope, sheet *Sheet) error {
	var p Plan
	var layer string
	err := s.Layers.DB().QueryRow(ctx, `SELECT plan, layer FROM onemap.intake_plan WHERE org = @org AND columns = @columns ORDER BY used_at DESC LIMIT 1`,
		pgx.NamedArgs{"org": by.Org().Code, "columns": columnKey(sheet.Columns)}).Scan(&p, &layer)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a remembered plan: %w", err)
	}
	if _, err := s.Layers.Layer(ctx, layer); errors.Is(err, layers.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	p.Layer, p.New = layer, nil
	p.Sheet, p.HeaderLine, p.HeaderRows = sheet.Name, sheet.HeaderLine, sheet.HeaderRows
	if p.check(sheet.Sheet) == nil { // its columns are written as then
		sheet.Remembered = &p
	}
	return nil
}

// For proposes how a sheet becomes rows of a layer that is there: columns go to
// the fields that are called like them.
func (s *Store) For(ctx context.Context, by access.Scope, id int64, sheetName, layer string) (Plan, error) {
	u, err := s.Get(ctx, by, id)
	if err != nil {
		return Plan{}, err
	}
	i := slices.IndexFunc(u.Sheets, func(x Sheet) bool { return x.Name == sheetName || sheetName == "" })
	if i < 0 {
		return Plan{}, &layers.InputError{Field: "sheet", Value: layers.Short(sheetName), Remedy: "one of the file's sheets"}
	}
	return s.planFor(ctx, by, u.Sheets[i], layer, u.org)
}

func (s *Store) planFor(ctx context.Context, by access.Scope, sheet Sheet, layer, org string) (Plan, error) {
	l, edit, err := s.target(ctx, by, layer)
	if err != nil {
		return Plan{}, err
	}
	if r := sheet.Remembered; r != nil && r.Layer == l.Name {
		return *r, nil
	}
	p := sheet.Plan
	p.Layer, p.New, p.Fields = l.Name, nil, []Field{}
	if p.Source, err = s.lastSource(ctx, l.Name, org, p.Source); err != nil {
		return Plan{}, err
	}
	taken := map[string]bool{}
	for i, c := range sheet.About {
		if c.Name == p.Place.X || c.Name == p.Place.Y || c.Name == p.Place.Column {
			continue
		}
		proposed, en := fieldName(c.Name, map[string]bool{})
		for _, f := range l.Fields {
			if taken[f.Name] || !slices.Contains(edit.Fields, f.Name) {
				continue
			}
			leaf := c.Name[strings.LastIndexByte(c.Name, '/')+1:]
			if strings.EqualFold(f.Name, c.Name) || f.TitleZH == c.Name || f.TitleZH == leaf || strings.EqualFold(f.TitleEN, c.Name) || f.Name == proposed || strings.EqualFold(f.TitleEN, en) {
				taken[f.Name] = true
				p.Fields = append(p.Fields, Field{Column: sheet.Columns[i], Field: f.Name, Formats: c.Formats, Lookup: sameWords(l.Vocabulary(f.Name), c)})
				break
			}
		}
	}
	return p, nil
}

// sameWords begins a lookup for a field with a closed list: the values that are
// in the list stand for themselves.
func sameWords(vocabulary []string, c Column) map[string]string {
	if len(vocabulary) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, code := range c.Codes {
		if slices.Contains(vocabulary, strings.ToLower(code.Value)) {
			out[code.Value] = strings.ToLower(code.Value)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// lastSource is the source of the latest batch that an organisation brought to a layer.
func (s *Store) lastSource(ctx context.Context, layer, org, otherwise string) (string, error) {
	var source *string
	err := s.Layers.DB().QueryRow(ctx, `SELECT plan ->> 'source' FROM onemap.batch WHERE layer = @layer AND org = @org AND state = 'applied' AND plan IS NOT NULL ORDER BY id DESC LIMIT 1`,
		pgx.NamedArgs{"layer": layer, "org": org}).Scan(&source)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && source == nil {
		return otherwise, nil
	}
	if err != nil {
		return "", fmt.Errorf("look for the source: %w", err)
	}
	return *source, nil
}

// Coordinates returns places of a sheet as the file has them, from all over it,
// with what the rows say of where they are: a sample for a verdict.
func (s *Store) Coordinates(ctx context.Context, by access.Scope, id int64, p Plan, most int) (points [][2]float64, names []string, err error) {
	u, err := s.Get(ctx, by, id)
	if err != nil {
		return nil, nil, err
	}
	done, err := s.turn(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	f, err := s.file(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	d, err := f.Sheet(ctx, p.Sheet, datafile.Header{Line: p.HeaderLine, Rows: p.HeaderRows})
	if err != nil {
		return nil, nil, err
	}
	at := map[string]int{}
	for i, c := range d.Columns {
		at[c] = i
	}
	for _, c := range []string{p.Place.X, p.Place.Y, p.Place.Column} {
		if _, ok := at[c]; c != "" && !ok {
			return nil, nil, &layers.InputError{Field: "columns", Value: layers.Short(c), Remedy: "a column of the file: it has no such one"}
		}
	}
	// Every step-th row is kept; when there are too many, every other one is
	// thrown away and the step doubled.
	var where []int
	for i, c := range d.Columns {
		if addressName.MatchString(c) || strings.ContainsAny(c, "区镇街村社") && !codeName.MatchString(c) {
			where = append(where, i)
		}
	}
	step, n := 1, 0
	err = f.Read(ctx, d, func(r *datafile.Row) error {
		n++
		if (n-1)%step != 0 {
			return nil
		}
		pair, ok := pairOf(r, p.Place, at)
		if !ok {
			return nil
		}
		if len(points) == 2*most {
			points, names = halved(points), halved(names)
			step *= 2
		}
		var said []string
		for _, i := range where {
			if v := strings.TrimSpace(r.Values[i]); v != "" && len(said) < 3 {
				said = append(said, v)
			}
		}
		points, names = append(points, pair), append(names, strings.Join(said, ""))
		return nil
	})
	if len(points) > most {
		points, names = halved(points), halved(names)
	}
	return points, names, err
}

func halved[T any](all []T) []T {
	out := all[:0]
	for i := 0; i < len(all); i += 2 {
		out = append(out, all[i])
	}
	return out
}

func pairOf(r *datafile.Row, place Place, at map[string]int) ([2]float64, bool) {
	switch {
	case place.X != "":
		x, ok1 := intake.Angle(r.Values[at[place.X]])
		y, ok2 := intake.Angle(r.Values[at[place.Y]])
		return [2]float64{x, y}, ok1 && ok2
	case place.Column != "":
		g, ok := intake.ParsePlace(r.Values[at[place.Column]])
		return middle(g), ok
	}
	return middle(r.Geometry), r.Geometry != nil
}

// middle is a point of a geometry: itself, or the middle of its box.
func middle(g orb.Geometry) [2]float64 {
	if g == nil {
		return [2]float64{}
	}
	return g.Bound().Center()
}

// about says in short what a plan does, for the audit: names, never values.
func (p *Plan) about() map[string]any {
	var fields []string
	for _, f := range p.Fields {
		fields = append(fields, f.Field)
	}
	out := map[string]any{"source": p.Source, "crs": p.CRS, "fields": strings.Join(fields, ","), "full": strconv.FormatBool(p.Full)}
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == "" })
	return out
}
