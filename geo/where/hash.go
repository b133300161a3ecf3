package where

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// Canon returns a text that is equal for equal conditions and different for
// different ones. Give it a simplified condition.
func Canon(c Cond) string {
	var b strings.Builder
	c.canon(&b)
	return b.String()
}

// Hash returns the fingerprint of c: the first 128 bits of the SHA-256, in
// hexadecimal, of the canonical text of the simplified condition. Callers send
// filters, so it must be a hash for which nobody can make two conditions with
// the same: they would share a cache.
func Hash(c Cond) string {
	sum := sha256.Sum256([]byte(Canon(Simplify(c))))
	return hex.EncodeToString(sum[:16])
}

func (c All) canon(b *strings.Builder) { list(b, "and", c) }
func (c Any) canon(b *strings.Builder) { list(b, "or", c) }
func (c Not) canon(b *strings.Builder) { list(b, "not", []Cond{c.C}) }
func (c Eq) canon(b *strings.Builder)  { words(b, "eq", strconv.Quote(c.Field), value(c.Value)) }
func (c In) canon(b *strings.Builder) {
	b.WriteString("in(" + strconv.Quote(c.Field))
	var buf [64]byte
	for _, v := range c.Values {
		b.WriteByte(',')
		b.Write(strconv.AppendQuote(buf[:0], v))
	}
	b.WriteByte(')')
}
func (c Prefix) canon(b *strings.Builder) {
	words(b, "prefix", strconv.Quote(c.Field), strconv.Quote(c.Prefix))
}
func (c Range) canon(b *strings.Builder) {
	args := []string{strconv.Quote(c.Field), value(c.Min), value(c.Max)}
	if c.MinOpen && c.Min != nil {
		args = append(args, "above")
	}
	if c.MaxClosed && c.Max != nil {
		args = append(args, "to")
	}
	words(b, "range", args...)
}
func (c Like) canon(b *strings.Builder) {
	name := "like"
	if c.Fold {
		name = "likefold"
	}
	words(b, name, strconv.Quote(c.Field), strconv.Quote(c.Pattern))
}
func (c Spatial) canon(b *strings.Builder) {
	var g strings.Builder
	coordinates(&g, c.Geometry)
	words(b, "spatial", strconv.Quote(c.Op), g.String())
}
func (c Empty) canon(b *strings.Builder) { words(b, "empty", strconv.Quote(c.Field)) }
func (c Within) canon(b *strings.Builder) {
	words(b, "within", value(c.Bound.Min[0]), value(c.Bound.Min[1]), value(c.Bound.Max[0]), value(c.Bound.Max[1]))
}

func list(b *strings.Builder, name string, cs []Cond) {
	b.WriteString(name + "(")
	for i, c := range cs {
		if i > 0 {
			b.WriteByte(',')
		}
		c.canon(b)
	}
	b.WriteByte(')')
}

func words(b *strings.Builder, name string, args ...string) {
	b.WriteString(name + "(" + strings.Join(args, ",") + ")")
}

// value writes a field value with its type, so that 1 and "1" differ.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		return strconv.Quote(v)
	case time.Time:
		return "t" + v.UTC().Format(time.RFC3339Nano)
	case float64:
		return "f" + strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return fmt.Sprintf("%T:%v", v, v)
	}
}

// coordinates writes a geometry with its type and every bit of its numbers.
func coordinates(b *strings.Builder, g orb.Geometry) {
	point := func(p orb.Point) {
		var buf [40]byte // hexadecimal: filters may have thousands of points
		n := append(strconv.AppendUint(buf[:0], math.Float64bits(p[0]), 16), ' ')
		b.Write(append(strconv.AppendUint(n, math.Float64bits(p[1]), 16), ';'))
	}
	line := func(ps []orb.Point) {
		b.WriteByte('(')
		for _, p := range ps {
			point(p)
		}
		b.WriteByte(')')
	}
	switch g := g.(type) {
	case nil:
		b.WriteByte('-')
	case orb.Point:
		b.WriteString("point ")
		point(g)
	case orb.MultiPoint:
		b.WriteString("points ")
		line(g)
	case orb.LineString:
		b.WriteString("line ")
		line(g)
	case orb.MultiLineString:
		b.WriteString("lines ")
		for _, l := range g {
			line(l)
		}
	case orb.Ring:
		coordinates(b, orb.Polygon{g})
	case orb.Bound:
		coordinates(b, g.ToPolygon())
	case orb.Polygon:
		b.WriteString("polygon ")
		for _, r := range g {
			line(r)
		}
	case orb.MultiPolygon:
		b.WriteString("polygons ")
		for _, p := range g {
			coordinates(b, p)
		}
	case orb.Collection:
		b.WriteString("collection{")
		for _, m := range g {
			coordinates(b, m)
		}
		b.WriteByte('}')
	}
}
