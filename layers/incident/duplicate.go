package incident

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Likely is an open case that may be the same matter as another.
type Likely struct {
	ID         int64   `json:"id"`
	Number     string  `json:"number,omitempty"`
	State      string  `json:"state"`
	Dept       string  `json:"dept_code"`
	Metres     float64 `json:"metres"`
	Minutes    float64 `json:"minutes" doc:"Between the two reports"`
	ReportedAt string  `json:"reported_at" format:"date-time"`
}

// Duplicates are the open cases of the same class near a case and its time
// (setting case.duplicate: 50 m and 24 hours) that the caller may see, the
// nearest first, at most 20. They are offered for merging, never dropped.
func (s *Store) Duplicates(ctx context.Context, scope access.Scope, id int64) ([]Likely, error) {
	set, err := s.settings(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.sight(ctx, scope)
	if err != nil {
		return nil, err
	}
	i, err := v.one(ctx, s.Layers.DB(), scope, id, "")
	if err != nil {
		return nil, err
	}
	for _, needed := range []string{"class_code", "state", "reported_at"} { // likeness tells them
		for _, hidden := range i.Hidden {
			if hidden == needed {
				return []Likely{}, nil
			}
		}
	}
	var a layers.Args
	may, err := v.sql(nil, false, &a)
	if err != nil {
		return nil, err
	}
	this, metres, secs := a.Add(id), a.Add(set.DuplicateM)+"::float8", a.Add(set.DuplicateTime.Seconds())+"::float8"
	rows, err := s.Layers.DB().Query(ctx, `SELECT f.id, coalesce(f.number, ''), f.state, f.dept_code, ST_Distance(f.geom::geography, x.geom::geography),
			abs(extract(epoch FROM f.reported_at - x.reported_at)) / 60, to_char(f.reported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
		FROM (SELECT id, geom, class_standard, class_code, reported_at,
		             -- a degree of longitude is shorter than one of latitude: the box is wide enough for both
		             ST_Expand(geom, `+metres+` / 111000 / greatest(0.01, cos(radians(ST_Y(geom)))), `+metres+` / 110000) AS box
		      FROM map.incident WHERE id = `+this+`::bigint) x
		JOIN map.incident f ON f.geom && x.box AND f.id <> x.id
		WHERE f.class_standard = x.class_standard AND f.class_code = x.class_code AND f.state NOT IN ('closed', 'rejected', 'void', 'merged')
		  AND f.reported_at BETWEEN x.reported_at - make_interval(secs => `+secs+`) AND x.reported_at + make_interval(secs => `+secs+`)
		  AND ST_DWithin(f.geom::geography, x.geom::geography, `+metres+`) AND `+may+`
		ORDER BY 5, f.id LIMIT 20`, a...)
	if err != nil {
		return nil, fmt.Errorf("duplicates of incident %d: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Likely])
	if err != nil {
		return nil, fmt.Errorf("duplicates of incident %d: %w", id, err)
	}
	if found == nil {
		found = []Likely{}
	}
	return found, nil
}
