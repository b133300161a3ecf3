package match

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/enterprise"
	"onemap/layers/match/linkage"
)

// A register is a layer as it is compared.
type register struct {
	records []linkage.Record
	items   map[string][]string // by key: the fields of the plan's items, as text, in their order
	digests map[string][]byte   // by key
	noKey   int
	dropped int
	batch   int64
}

// readRegister reads a layer whole: rows, roles and the fields of the items.
// A row without a source key is counted and left out: nothing would name it
// after the next import. Identity numbers and codes whose check digit is wrong
// are left out of a row. It returns an error for a register of persons.
func readRegister(ctx context.Context, tx pgx.Tx, l layers.Layer, roles Roles, items []string) (register, error) {
	reg := register{items: map[string][]string{}, digests: map[string][]byte{}}
	if err := CheckRegister("layer", l); err != nil {
		return reg, err
	}
	fields := roles.fields()
	for _, f := range append(fields[:len(fields):len(fields)], items...) {
		if _, ok := l.Field(f); !ok && f != "geom" {
			return reg, &layers.InputError{Field: "fields", Value: f, Remedy: "layer " + l.Name + " has it no longer: change the plan"}
		}
	}
	var b strings.Builder
	b.WriteString(`SELECT coalesce(source_key, ''), coalesce(batch, 0), CASE WHEN ST_IsEmpty(geom) THEN NULL ELSE ST_PointOnSurface(geom) END`)
	for _, f := range append(fields[:len(fields):len(fields)], items...) {
		if f == "geom" {
			b.WriteString(`, ST_X(ST_PointOnSurface(geom))::text || ' ' || ST_Y(ST_PointOnSurface(geom))::text`)
		} else {
			b.WriteString(`, coalesce(` + pgx.Identifier{f}.Sanitize() + `::text, '')`)
		}
	}
	b.WriteString(` FROM ` + pgx.Identifier{"map", l.Name}.Sanitize() + ` ORDER BY id`)
	rows, err := tx.Query(ctx, b.String())
	if err != nil {
		return reg, fmt.Errorf("read register %s: %w", l.Name, err)
	}
	defer rows.Close()
	var people census
	values := make([]string, len(fields)+len(items))
	for rows.Next() {
		var key string
		var batch int64
		var place orb.Geometry
		targets := []any{&key, &batch, &place}
		for i := range values {
			targets = append(targets, &values[i])
		}
		if err := rows.Scan(targets...); err != nil {
			return reg, fmt.Errorf("read register %s: %w", l.Name, err)
		}
		reg.batch = max(reg.batch, batch)
		rec, dropped := roles.record(key, values)
		people.add(rec.Names, values[:len(fields)]...)
		reg.dropped += dropped
		if key == "" {
			reg.noKey++
			continue
		}
		if p, ok := place.(orb.Point); ok {
			rec.Place = &p
		}
		reg.records = append(reg.records, rec)
		reg.items[key] = slices.Clone(values[len(fields):])
		reg.digests[key] = digest(rec)
	}
	if err := rows.Err(); err != nil {
		return reg, fmt.Errorf("read register %s: %w", l.Name, err)
	}
	return reg, people.verdict(l)
}

// record makes a row's record of its values, which are in the order of
// [Roles.fields]. It counts the values that it left out.
func (r Roles) record(key string, values []string) (rec linkage.Record, dropped int) {
	rec.Key = key
	at := 0
	take := func(n int) []string {
		part := values[at : at+n]
		at += n
		return part
	}
	keep := func(v string) bool {
		v = strings.TrimSpace(v)
		if isIdentityNumber(v) {
			dropped++
			return false
		}
		return v != ""
	}
	for _, v := range take(len(r.Names)) {
		if keep(v) {
			rec.Names = append(rec.Names, v)
		}
	}
	var address []string
	for _, v := range take(len(r.Address)) {
		if keep(v) {
			address = append(address, v)
		}
	}
	rec.Address = strings.Join(address, " ")
	for _, v := range take(len(r.Numbers)) {
		if keep(v) {
			rec.Numbers = append(rec.Numbers, v)
		}
	}
	if r.Code != "" {
		if code := strings.ToUpper(strings.TrimSpace(take(1)[0])); keep(code) {
			if enterprise.CheckUSCC(code) == nil {
				rec.Code = code
			} else {
				dropped++
			}
		}
	}
	return rec, dropped
}

// digest is of all that is compared of a row.
func digest(r linkage.Record) []byte {
	place := ""
	if r.Place != nil {
		place = fmt.Sprintf("%.6f %.6f", r.Place[0], r.Place[1])
	}
	sum := sha256.Sum256([]byte(strings.Join(append(append(slices.Clone(r.Names), "\x1e", r.Address, r.Code, place, "\x1e"), r.Numbers...), "\x1f")))
	return sum[:16]
}

// digestOf is of both rows of a pair.
func digestOf(left, right []byte) []byte {
	sum := sha256.Sum256(append(slices.Clone(left), right...))
	return sum[:16]
}
