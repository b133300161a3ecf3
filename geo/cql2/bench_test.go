package cql2_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"onemap/geo/where"
)

// What the largest filters cost before a row is looked at: reading, joining
// with a right, and the fingerprint.
func BenchmarkLargest(b *testing.B) {
	var circle strings.Builder
	for i := range 600 {
		a := float64(i) / 600 * 2 * math.Pi
		fmt.Fprintf(&circle, "%.6f %.6f,", 120+math.Cos(a), 29+math.Sin(a))
	}
	var zigzag strings.Builder
	for i := range 1900 {
		fmt.Fprintf(&zigzag, ",%d %d", i%2, i%3)
	}
	var mixed strings.Builder
	for i := range 190 {
		fmt.Fprintf(&mixed, "(severity=%d AND state='%d') OR (name='%d' AND (open=TRUE OR area>%d)) OR ", i, i%7, i, i%5)
	}
	// Valid, and the boxes of all meet: the worst for finding out whether it is.
	var slivers []string
	for i := range 400 {
		slivers = append(slivers, fmt.Sprintf("((0 %.1f,0 %.2f,99 %.1f,0 %.1f))", float64(i)/10-20, float64(i)/10-19.95, float64(i)/10+20, float64(i)/10-20))
	}
	right := where.Any{where.Prefix{Field: "area_code", Prefix: "330782"}, where.All{where.In{Field: "grid_code", Values: strings.Fields(strings.Repeat("330782001001001 ", 200))}, where.Eq{Field: "dept_code", Value: "police"}}}
	for name, text := range map[string]string{
		"integers": "severity IN (1" + strings.Repeat(",123456", 999) + ")",
		"texts":    "state IN ('a'" + strings.Repeat(",'123456'", 999) + ")",
		"polygon":  "S_WITHIN(geom, POLYGON((" + circle.String() + "121.000000 29.000000)))",
		"zigzag":   "S_INTERSECTS(geom, LINESTRING(0 0" + zigzag.String() + "))",
		"slivers":  "S_INTERSECTS(geom, MULTIPOLYGON(" + strings.Join(slivers, ",") + "))",
		"mixed":    mixed.String()[:min(16000, mixed.Len())] + " FALSE",
		"nested":   strings.Repeat("(severity=1 OR state='a' AND (", 15) + "open=TRUE" + strings.Repeat("))", 15),
		"nots":     strings.Repeat("(NOT (severity=1) OR NOT name='b') AND ", 400) + "TRUE",
	} {
		if i := strings.LastIndex(text, " OR ("); name == "mixed" {
			text = text[:i]
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				c, err := parse(text)
				if err != nil {
					b.Fatal(err)
				}
				where.Hash(where.And(right, c))
			}
		})
	}
}
