package cql2_test

import (
	"errors"
	"strings"
	"testing"

	"onemap/geo/cql2"
)

// Hundreds of boxes that each hold the whole city are asked of every building:
// 400 of them took PostgreSQL half a minute.
func TestSpatialConditionsAreFew(t *testing.T) {
	fields := func(name string) (string, bool) { return "geometry", name == "geom" }
	boxes := func(n int) string {
		return strings.Repeat("S_TOUCHES(geom, BBOX(119, 29, 121, 30)) OR ", n-1) + "S_TOUCHES(geom, BBOX(119, 29, 121, 30))"
	}
	if _, err := cql2.Parse(boxes(cql2.MaxShapes), fields); err != nil {
		t.Error(err)
	}
	var e *cql2.Error
	if _, err := cql2.Parse(boxes(cql2.MaxShapes+1), fields); !errors.As(err, &e) || !strings.Contains(e.Wrong, "more than 32 spatial conditions") || e.Position < 1000 {
		t.Errorf("one more: %v", err)
	}
	lines := "S_INTERSECTS(geom, GEOMETRYCOLLECTION(" + strings.Repeat("LINESTRING(119 29, 121 30), ", cql2.MaxShapes) + "LINESTRING(119 29, 121 30)))"
	if _, err := cql2.Parse(lines, fields); !errors.As(err, &e) {
		t.Errorf("in a collection: %v", err)
	}
	zigzag := "LINESTRING(119 29" + strings.Repeat(", 120 30, 119 29", cql2.MaxEdges/2) + ")"
	if _, err := cql2.Parse("S_CROSSES(geom, "+zigzag+")", fields); !errors.As(err, &e) || !strings.Contains(e.Wrong, "more than 200 points") {
		t.Errorf("a long line that crosses: %v", err)
	}
	if _, err := cql2.Parse("S_INTERSECTS(geom, "+zigzag+")", fields); err != nil {
		t.Errorf("a long line: %v", err)
	}
	one := `{"op":"s_touches","args":[{"property":"geom"},{"bbox":[119,29,121,30]}]}`
	inJSON := `{"op":"or","args":[` + strings.Repeat(one+",", cql2.MaxShapes) + one + `]}`
	if _, err := (cql2.Parser{JSON: true, Field: fields}).Parse(inJSON); !errors.As(err, &e) {
		t.Errorf("in JSON: %v", err)
	}
}
