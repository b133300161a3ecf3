package quality

import (
	"fmt"
	"strings"
)

// apartRows finds rows nearer to each other than a distance, without an index
// and in time that grows with the number of rows even where thousands lie on
// one spot, as places do that were only known by their town.
//
// Two places within d of each other share a cell of at least one of four
// lattices of side 2d, set off by d: whoever is alone in all four has no
// neighbour. The rest go into a lattice whose cells are so small (side d/√2)
// that all in a cell are neighbours; whoever is alone there is compared with
// those of the cells around.
//
// Distances are on a sphere, right within 0.6 %. Lines and polygons stand for
// a point on them.
func apartRows(c *compiler) (string, error) {
	if !c.has("geom") {
		return "", errNoColumn
	}
	conds := []string{"f.geom IS NOT NULL", "NOT ST_IsEmpty(f.geom)"}
	same := c.texts("same")
	parts := make([]string, len(same))
	for i, name := range same {
		if _, err := c.columnOf(name); err != nil {
			return "", err
		}
		parts[i] = "coalesce(" + text(name) + ", '')"
	}
	group := "''::text"
	if len(parts) > 0 {
		group = "concat_ws(E'\\x1f', " + strings.Join(parts, ", ") + ")"
	}
	assessed, err := c.assessed(conds...)
	if err != nil {
		return "", err
	}
	metres, _ := c.number("metres")
	d := c.args.Add(metres/degreeM) + "::double precision"

	var near []string
	for _, shift := range [][2]float64{{0, 0}, {0.5, 0}, {0, 0.5}, {0.5, 0.5}} {
		cells := fmt.Sprintf("SELECT k, s, x, y, floor(x / (2.01 * d / low) + %g) AS a, floor(y / (2.01 * d) + %g) AS b FROM p, e", shift[0], shift[1])
		near = append(near, fmt.Sprintf("SELECT q.k, q.s, q.x, q.y FROM (%[1]s) q JOIN (SELECT s, a, b FROM (%[1]s) q GROUP BY s, a, b HAVING count(*) > 1) g USING (s, a, b)", cells))
	}
	return fmt.Sprintf(`WITH p AS MATERIALIZED (
	SELECT k, s, ST_X(g) AS x, ST_Y(g) AS y FROM (SELECT %[1]s AS k, %[2]s AS s, %[3]s AS g FROM %[4]s f WHERE %[5]s) t
), e AS MATERIALIZED ( -- d in degrees of latitude; the smallest and the largest cosine of a latitude
	SELECT %[6]s AS d, cos(radians(least(89, greatest(abs(max(y)), abs(min(y)))))) AS low,
		CASE WHEN min(y) <= 0 AND max(y) >= 0 THEN 1 ELSE cos(radians(least(89, least(abs(max(y)), abs(min(y)))))) END AS high FROM p
), near AS MATERIALIZED (
	%[7]s
), fine AS MATERIALIZED (
	SELECT k, s, x, y, floor(x / (d / sqrt(2) / high))::bigint AS a, floor(y / (d / sqrt(2)))::bigint AS b FROM near, e
), crowd AS MATERIALIZED (
	SELECT *, count(*) OVER (PARTITION BY s, a, b) AS n FROM fine
), twice AS (
	SELECT k FROM crowd WHERE n > 1
	UNION
	SELECT o.k FROM (SELECT crowd.*, i, j FROM crowd, e, generate_series(-2, 2) j,
			LATERAL generate_series(-least(50, ceil(sqrt(2) * high / low)::int), least(50, ceil(sqrt(2) * high / low)::int)) i WHERE n = 1) o
		JOIN e ON true JOIN crowd m ON m.s = o.s AND m.a = o.a + o.i AND m.b = o.b + o.j AND m.k <> o.k
		WHERE ((m.x - o.x) * cos(radians(o.y))) ^ 2 + (m.y - o.y) ^ 2 < d ^ 2
)
SELECT p.k, t.k IS NULL FROM p LEFT JOIN twice t ON t.k = p.k`,
		c.keySQL(), group, c.place(), c.sql, assessed, d, strings.Join(near, "\n\tUNION\n\t")), nil
}
