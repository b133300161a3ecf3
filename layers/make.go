package layers

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// LayerName is how layers and fields may be called.
var LayerName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// reserved are the columns that every layer's table has, and those that mean
// something to onemap.
var reserved = []string{"id", "source_key", "geom", "crs", "orig", "grid_code", "area_code", "batch", "updated_at", "attributes", "version", "row_number", "tableoid", "xmin", "xmax", "cmin", "cmax", "ctid"}

// ReservedField says whether a field of a layer that is made may not have that name.
func ReservedField(name string) bool { return slices.Contains(reserved, name) }

// ColumnType is PostgreSQL's type of a field of a layer that is made.
func ColumnType(fieldType string) string {
	return map[string]string{"text": "text", "integer": "bigint", "number": "double precision", "boolean": "boolean", "date": "date", "time": "timestamptz"}[fieldType]
}

// CheckNew returns an [InputError] that says what is wrong with a layer that
// is to be made. What it does not see, such as an owner that is none, the database refuses.
func CheckNew(l Layer) error {
	switch {
	case !LayerName.MatchString(l.Name) || strings.HasPrefix(l.Name, "stage_"):
		return &InputError{Field: "layer.name", Value: Short(l.Name), Remedy: "a small letter, then small letters, digits and _, at most 48"}
	case strings.TrimSpace(l.TitleZH) == "" || strings.TrimSpace(l.TitleEN) == "":
		return &InputError{Field: "layer.title", Remedy: "a title in Chinese and one in English"}
	case !slices.Contains([]string{"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}, l.Geometry):
		return &InputError{Field: "layer.geometry", Value: Short(l.Geometry), Remedy: "Point, LineString, Polygon or one of them with Multi"}
	case l.Owner == "":
		return &InputError{Field: "layer.owner", Remedy: "the organisation that answers for it"}
	case l.Share != Conditional && l.Share != Unconditional && l.Share != NotShared:
		return &InputError{Field: "layer.share", Value: Short(l.Share), Remedy: "unconditional, conditional or none"}
	case l.Share != Unconditional && strings.TrimSpace(l.ShareBasis) == "":
		return &InputError{Field: "layer.share_basis", Remedy: "the condition of sharing, or the law why it is not shared"}
	case len(l.Fields) == 0:
		return &InputError{Field: "layer.fields", Remedy: "at least one"}
	case len(l.Fields) > 300:
		return &InputError{Field: "layer.fields", Remedy: "at most 300"}
	}
	for _, text := range []string{l.TitleZH, l.TitleEN, l.ShareBasis} {
		if err := CheckText("layer", text, 500); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, f := range l.Fields {
		switch {
		case !LayerName.MatchString(f.Name) || ReservedField(f.Name):
			return &InputError{Field: "layer.fields", Value: Short(f.Name), Remedy: "a small letter, then small letters, digits and _, and none of the names that every layer has: " + strings.Join(reserved[:10], ", ")}
		case seen[f.Name]:
			return &InputError{Field: "layer.fields", Value: f.Name, Remedy: "each name once"}
		case ColumnType(f.Type) == "":
			return &InputError{Field: "layer.fields." + f.Name, Value: Short(f.Type), Remedy: "text, integer, number, boolean, date or time"}
		case strings.TrimSpace(f.TitleZH) == "" || strings.TrimSpace(f.TitleEN) == "":
			return &InputError{Field: "layer.fields." + f.Name, Remedy: "a title in Chinese and one in English"}
		case !slices.Contains([]string{Public, Internal, Sensitive}, f.Sensitivity):
			return &InputError{Field: "layer.fields." + f.Name, Value: Short(f.Sensitivity), Remedy: "public, internal or sensitive"}
		case f.InTile && f.Sensitivity == Sensitive:
			return &InputError{Field: "layer.fields." + f.Name, Remedy: "a sensitive field is not in tiles"}
		}
		if err := CheckText("layer.fields."+f.Name, f.TitleZH+f.TitleEN, 400); err != nil {
			return err
		}
		seen[f.Name] = true
	}
	return nil
}

// computedFields are those of a layer that the database finds from a row's place.
var computedFields = []Field{
	{Name: "grid_code", TitleZH: "网格编码", TitleEN: "Grid code", Type: "text", Sensitivity: Public, InTile: true},
	{Name: "area_code", TitleZH: "区划代码", TitleEN: "Area code", Type: "text", Sensitivity: Public},
}

// WithComputed returns a layer that is to be made with all fields that it will have.
func WithComputed(l Layer) Layer {
	l.Fields = append(append([]Field{computedFields[0]}, l.Fields...), computedFields[1])
	return l
}

// MakeLayer makes a layer of a department: its table with the head that all
// have, its rows in the registry, its place in the publication. fill writes the
// first rows into the table, before the log follows it: whoever follows is
// told once and reads it whole. l has no computed fields; it is made editable.
//
// It returns an error wrapping [ErrConflict] if there is such a layer or table.
func MakeLayer(ctx context.Context, tx pgx.Tx, l Layer, fill func() error) error {
	if err := CheckNew(l); err != nil {
		return err
	}
	table := pgx.Identifier{"map", l.Name}.Sanitize()
	var taken bool
	err := tx.QueryRow(ctx, `SELECT to_regclass(@table) IS NOT NULL OR EXISTS (SELECT FROM onemap.layer WHERE name = @name)`, pgx.NamedArgs{"table": table, "name": l.Name}).Scan(&taken)
	if err != nil {
		return fmt.Errorf("make layer %s: %w", l.Name, err)
	}
	if taken {
		return fmt.Errorf("layer %s is there already: %w", l.Name, ErrConflict)
	}
	var columns []string
	for _, f := range l.Fields {
		c := pgx.Identifier{f.Name}.Sanitize() + " " + ColumnType(f.Type)
		if f.Type == "text" {
			c += " NOT NULL DEFAULT ''"
		}
		columns = append(columns, c)
	}
	if _, err := tx.Exec(ctx, `SELECT map.feature_table(@name, @geometry, @columns)`,
		pgx.NamedArgs{"name": l.Name, "geometry": l.Geometry, "columns": strings.Join(columns, ", ")}); err != nil {
		return fmt.Errorf("make layer %s: %w", l.Name, err)
	}
	if err := RegisterLayer(ctx, tx, l); err != nil {
		return err
	}
	if fill != nil {
		if err := fill(); err != nil {
			return err
		}
	}
	for _, sql := range []string{`ANALYZE ` + table, `ALTER PUBLICATION onemap ADD TABLE ` + table,
		fmt.Sprintf(`SELECT pg_logical_emit_message(true, 'onemap', '{"replaced": "map.%s"}')`, l.Name)} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make layer %s: %w", l.Name, err)
		}
	}
	return nil
}

// RegisterLayer writes the rows of the registry for a layer that is made. l has
// no computed fields.
func RegisterLayer(ctx context.Context, tx pgx.Tx, l Layer) error {
	style, err := json.Marshal(l.Style)
	if err != nil || l.Style == nil {
		style = []byte("{}")
	}
	if l.MaxZoom == 0 {
		l.MaxZoom = 22
	}
	subject, cycle := l.Subject, l.UpdateCycle
	if subject == "" {
		subject = "other"
	}
	if cycle == "" {
		cycle = "irregular"
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, owner, share, share_basis, open, minzoom, maxzoom, detail_zoom, style, update_cycle, time_field, class_field, editable, position)
		SELECT @name, @zh, @en, @subject, @geometry, @owner, @share, @basis, @open, @minzoom, @maxzoom, nullif(@detail::int, 0), @style, @cycle, nullif(@time, ''), nullif(@class, ''), true,
		       greatest(1000, 10 + max(position)) FROM onemap.layer`,
		pgx.NamedArgs{"name": l.Name, "zh": l.TitleZH, "en": l.TitleEN, "subject": subject, "geometry": l.Geometry, "owner": l.Owner, "share": l.Share,
			"basis": l.ShareBasis, "open": l.Open, "minzoom": l.MinZoom, "maxzoom": l.MaxZoom, "detail": l.DetailZoom, "style": style, "cycle": cycle, "time": l.TimeField, "class": l.ClassField})
	if err != nil {
		return fmt.Errorf("register layer %s: %w", l.Name, err)
	}
	for i, f := range WithComputed(l).Fields {
		_, err := tx.Exec(ctx, `INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile, position)
			VALUES (@layer, @name, @zh, @en, @type, @sensitivity, @tile, @position)`,
			pgx.NamedArgs{"layer": l.Name, "name": f.Name, "zh": f.TitleZH, "en": f.TitleEN, "type": f.Type, "sensitivity": f.Sensitivity, "tile": f.InTile, "position": 10 * (i + 1)})
		if err != nil {
			return fmt.Errorf("register layer %s: %w", l.Name, err)
		}
	}
	return nil
}

// UnmakeLayer removes a layer with its table, and tells those who follow the log.
func UnmakeLayer(ctx context.Context, tx pgx.Tx, name string) error {
	if !LayerName.MatchString(name) {
		return fmt.Errorf("layer %q: %w", Short(name), ErrNotFound)
	}
	for _, sql := range []string{`DELETE FROM onemap.layer WHERE name = '` + name + `'`, `DROP TABLE ` + pgx.Identifier{"map", name}.Sanitize(),
		fmt.Sprintf(`SELECT pg_logical_emit_message(true, 'onemap', '{"replaced": "map.%s"}')`, name)} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("remove layer %s: %w", name, err)
		}
	}
	return nil
}
