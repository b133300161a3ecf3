package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb/encoding/ewkb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/locate"
)

// What becomes of a row that is held back.
const (
	LetIn = "let_in" // into the layer as it is, for a reason
	Mend  = "mend"   // into the layer with other values, if they meet the rules
	Drop  = "drop"
)

// A Decision is on one row that is held back.
type Decision struct {
	Name    string
	Reason  string            // of let_in and drop
	Values  map[string]string // of mend: by field, as text; "" is no value
	Place   *locate.Place     // of mend: where it lies
	Address string
}

// Decide decides on a row that is held back, in one transaction with what it
// becomes in the layer: the row under its source key, or a new one.
//
// It returns an error wrapping [layers.ErrNotFound] for a row that the caller
// may not see, [access.ErrForbidden] for others than the layer's owner,
// [layers.ErrConflict] where it was decided on, and a [layers.InputError] that
// names the rules that a mended row still fails.
func (s *Store) Decide(ctx context.Context, by access.Scope, id int64, d Decision) (Held, error) {
	var h Held
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) (err error) {
		h, err = s.decide(ctx, tx, by, id, d)
		return err
	})
	return h, access.Wrap("decide on a row held back", err)
}

func (s *Store) decide(ctx context.Context, tx pgx.Tx, by access.Scope, id int64, d Decision) (Held, error) {
	none := fmt.Errorf("row held back %d: %w", id, layers.ErrNotFound)
	var name, state string
	err := tx.QueryRow(ctx, `SELECT layer, state FROM onemap.quarantine WHERE id = $1 FOR UPDATE`, id).Scan(&name, &state)
	if errors.Is(err, pgx.ErrNoRows) {
		return Held{}, none
	}
	if err != nil {
		return Held{}, err
	}
	l, right, err := s.visible(ctx, by, name)
	if errors.Is(err, layers.ErrNotFound) {
		return Held{}, none
	}
	if err != nil {
		return Held{}, err
	}
	if err := mayDecide(by, l); err != nil {
		return Held{}, err
	}
	found, err := s.held(ctx, tx, by, right, "id = $1", 1, id)
	if err != nil {
		return Held{}, err
	}
	if len(found) == 0 {
		return Held{}, none
	}
	if state != "held" {
		return Held{}, fmt.Errorf("it was decided on, and is %s: %w", state, layers.ErrConflict)
	}
	if err := layers.CheckText("reason", d.Reason, 500); err != nil {
		return Held{}, err
	}
	if d.Name != Mend && strings.TrimSpace(d.Reason) == "" {
		return Held{}, &layers.InputError{Field: "reason", Remedy: "say why"}
	}
	var feature int64
	switch d.Name {
	case Drop:
		state = "dropped"
	case LetIn:
		state = "let_in"
	case Mend:
		state = "mended"
		if err := s.mend(ctx, tx, l, right, id, found[0].Rules, d); err != nil {
			return Held{}, err
		}
	default:
		return Held{}, &layers.InputError{Field: "action", Value: layers.Short(d.Name), Remedy: "let_in, mend or drop"}
	}
	if d.Name != Drop {
		if feature, err = write(ctx, tx, l, id); err != nil {
			return Held{}, err
		}
	}
	who, _ := by.Person()
	_, err = tx.Exec(ctx, `UPDATE onemap.quarantine SET state = $2, feature = nullif($3, 0::bigint), decided_by = $4, decided_at = now(), reason = $5 WHERE id = $1`,
		id, state, feature, who.Login, strings.TrimSpace(d.Reason))
	if err != nil {
		return Held{}, err
	}
	err = access.RecordTx(ctx, tx, by, access.Entry{Action: "quality.quarantine." + d.Name, Object: fmt.Sprintf("quarantine/%d", id), Result: access.Done, Address: d.Address,
		Detail: map[string]any{"layer": l.Name, "feature": feature}})
	if err != nil {
		return Held{}, err
	}
	if found, err = s.held(ctx, tx, by, right, "id = $1", 1, id); err != nil || len(found) == 0 {
		return Held{ID: id, Layer: l.Name, State: state, Feature: feature}, err
	}
	return found[0], nil
}

// mend puts other values into a row, and asks those rules again that judge a
// row by itself. What it stands in among the others, the next run will show.
func (s *Store) mend(ctx context.Context, tx pgx.Tx, l layers.Layer, right access.Right, id int64, failed []int64, d Decision) error {
	patch := map[string]any{}
	for _, name := range sortedKeys(d.Values) {
		f, ok := l.Field(name)
		if !ok || !slices.Contains(right.Fields, name) || access.Computed(name) {
			return &layers.InputError{Field: "values." + layers.Short(name), Remedy: "a field of " + l.Name + " that you may write"}
		}
		if d.Values[name] == "" {
			patch[name] = nil
			continue
		}
		if err := layers.CheckText("values."+name, d.Values[name], 4000); err != nil {
			return err
		}
		if _, err := parseValue("values."+name, f.Type, d.Values[name]); err != nil {
			return err
		}
		patch[name] = strings.TrimSpace(d.Values[name]) // PostgreSQL reads it as the column's type
	}
	found := []string{} // anew, from the place
	if d.Place != nil {
		if l.Geometry != "Point" {
			return &layers.InputError{Field: "place", Remedy: "leave it out: " + l.Name + " has no points"}
		}
		at, err := locate.On(ctx, tx, "place", *d.Place)
		if err != nil {
			return err
		}
		var orig any
		if at.Orig != nil { // it has the writer's SRID, and every codec of ours says 4326
			b, err := ewkb.Marshal(*at.Orig, at.CRS.SRID())
			if err != nil {
				return err
			}
			orig = layers.RawEWKB(b)
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.quarantine SET geom = $2, orig = $3 WHERE id = $1`, id, at.At, orig); err != nil {
			return err
		}
		patch["crs"], found = at.CRS.String(), []string{"grid_code", "area_code"}
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.quarantine SET content = (content || $2) - $3::text[] WHERE id = $1`, id, patch, found); err != nil {
		return err
	}
	rules, err := rulesOf(ctx, tx, "r.id = ANY ($1) AND r.ended_at IS NULL", failed)
	if err != nil {
		return err
	}
	src, err := open(ctx, tx, l, "map."+l.Name, 0)
	if err != nil {
		return err
	}
	for _, r := range rules {
		kind, ok := kindOf(r.Kind)
		if !ok || kind.row == nil {
			continue
		}
		args := new(layers.Args)
		one := run{Store: s, tx: tx, src: src}
		one.src.sql = fmt.Sprintf("(SELECT r.*, q.geom FROM onemap.quarantine q, LATERAL (SELECT %s FROM jsonb_populate_record(NULL::%s, q.content)) r WHERE q.id = %s)",
			quoted(columnsBut(src, "geom")), src.sql, args.Add(id))
		assessed, right, err := kind.row(one.compiler(ctx, r, args))
		if err != nil {
			continue // it cannot be asked of this table
		}
		var bad bool
		if err := tx.QueryRow(ctx, fmt.Sprintf("SELECT coalesce(bool_or((%s) AND (%s) IS NOT TRUE), false) FROM %s f", assessed, right, one.src.sql), *args...).Scan(&bad); err != nil {
			return refusedBy(l, err)
		}
		if bad {
			field := "values"
			if r.Field != "" {
				field += "." + r.Field
			}
			return &layers.InputError{Field: field, Remedy: "a row that meets the rule " + r.TitleZH + " (" + r.TitleEN + ")"}
		}
	}
	return nil
}

func columnsBut(src source, names ...string) []string {
	var out []string
	for name := range src.columns {
		if !slices.Contains(names, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// write puts a row that was held back into its layer.
func write(ctx context.Context, tx pgx.Tx, l layers.Layer, id int64) (int64, error) {
	src, err := open(ctx, tx, l, "map."+l.Name, 0)
	if err != nil {
		return 0, err
	}
	var named, valued []string // what the row says, and what of it is a value
	err = tx.QueryRow(ctx, `SELECT array_agg(key), coalesce(array_agg(key) FILTER (WHERE value <> 'null'), '{}') FROM onemap.quarantine q, jsonb_each(q.content) WHERE q.id = $1`, id).Scan(&named, &valued)
	if err != nil {
		return 0, err
	}
	var cols []string
	for _, name := range columnsBut(src, "id", "geom", "orig", "updated_at") {
		if slices.Contains(valued, name) {
			cols = append(cols, name)
		}
	}
	sets := []string{"geom = excluded.geom", "orig = excluded.orig", "updated_at = now()"}
	for _, name := range columnsBut(src, "id", "geom", "orig", "updated_at", "source_key") {
		if slices.Contains(named, name) {
			q := pgx.Identifier{name}.Sanitize()
			sets = append(sets, q+" = excluded."+q)
		}
	}
	list := quoted(append(cols, "geom", "orig"))
	sql := fmt.Sprintf(`INSERT INTO %[1]s AS f (%[2]s) SELECT %[3]s FROM onemap.quarantine q, jsonb_populate_record(NULL::%[1]s, q.content) r WHERE q.id = $1
		ON CONFLICT (source_key) DO UPDATE SET %[4]s RETURNING f.id`, src.sql, list, prefixed("r.", cols)+"q.geom, q.orig", strings.Join(sets, ", "))
	var feature int64
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return tx.QueryRow(ctx, sql, id).Scan(&feature) })
	return feature, refusedBy(l, err)
}

// prefixed is a list of columns, each with a prefix and a comma after it.
func prefixed(prefix string, names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(prefix + pgx.Identifier{n}.Sanitize() + ", ")
	}
	return b.String()
}

// refusedBy says in our words what the layer's table does not take.
func refusedBy(l layers.Layer, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	field := "values"
	for _, f := range l.Fields {
		if f.Name == pg.ColumnName || strings.HasPrefix(pg.ConstraintName, l.Name+"_"+f.Name+"_") {
			field = "values." + f.Name
		}
	}
	switch {
	case pg.Code == "23505":
		return fmt.Errorf("another row of %s has this %s: %w", l.Name, strings.TrimPrefix(field, "values."), layers.ErrConflict)
	case strings.HasPrefix(pg.Code, "23"), strings.HasPrefix(pg.Code, "22"):
		return &layers.InputError{Field: field, Remedy: "what the table of " + l.Name + " takes: mend the row"}
	}
	return err
}
