package upload

import (
	"context"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/georef"
)

// judged is how many places of a file a verdict looks at.
const judged = 300

// Judge says in which system the coordinates of a file seem to be, from places
// all over it. The person decides.
func (s *Store) Judge(ctx context.Context, by access.Scope, id int64, p Plan) (georef.Verdict, error) {
	if s.Georef == nil {
		return georef.Verdict{Why: "few", Candidates: []georef.Candidate{}}, nil
	}
	if len(p.Place.Address) > 0 {
		return georef.Verdict{}, &layers.InputError{Field: "place", Remedy: "coordinates: an address has no coordinate system"}
	}
	points, names, err := s.Coordinates(ctx, by, id, p, judged)
	if err != nil {
		return georef.Verdict{}, err
	}
	return s.Georef.Judge(ctx, georef.Sample{Points: points, Declared: p.CRS, Names: names})
}
