package cql2_test

import (
	"fmt"

	"onemap/geo/cql2"
	"onemap/geo/where"
)

func ExampleParse() {
	fields := func(name string) (string, bool) {
		typ, ok := map[string]string{"severity": "integer", "state": "text", "geom": "geometry"}[name]
		return typ, ok
	}
	c, err := cql2.Parse("severity <= 2 AND state IN ('filed', 'reported') AND S_INTERSECTS(geom, BBOX(120, 29, 121, 30))", fields)
	fmt.Println(where.Canon(where.Simplify(c)), err)
	_, err = cql2.Parse("severity <= AND state = 'filed'", fields)
	fmt.Println(err)
	// Output:
	// and(in("state","filed","reported"),range("severity",-,int64:2,to),within(f120,f29,f121,f30)) <nil>
	// position 13: found AND: expected a value after <=
}
