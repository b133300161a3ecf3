package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"onemap/layers"
	"onemap/layers/access"
)

// Remake makes a plan again from its record, and says whether its answer is the
// same to the letter; of a plan whose posts a person moved, what they mean. It
// returns an error wrapping [layers.ErrConflict] where it cannot be made again:
// the record is not what was hashed, or the roads or their speeds are others now.
// Those are known by their hash, not kept. For [ErrBusy] see [Store.Make].
func (s *Store) Remake(ctx context.Context, by access.Scope, id int64) (same bool, err error) {
	p, err := s.one(ctx, by, "p.id = ", id)
	if err != nil {
		return false, err
	}
	question, err := json.Marshal(p.Question)
	if err != nil {
		return false, fmt.Errorf("make plan %d again: %w", id, err)
	}
	if hashOf(question, p.data) != p.Hash {
		return false, fmt.Errorf("plan %d: its record was changed after it was made: %w", id, layers.ErrConflict)
	}
	d, err := unpack(p.data)
	if err != nil {
		return false, err
	}
	g, err := s.Roads.Graph(ctx, p.Question.profile())
	if err != nil {
		return false, said("make a plan again", err)
	}
	if g.Print() != d.Roads {
		return false, fmt.Errorf("plan %d was made on roads or speeds that were changed since: it cannot be made again, make a new one: %w", id, layers.ErrConflict)
	}
	was, is := any(p.Answer), any(nil)
	if p.Answer.ByHand {
		w, err := s.what(ctx, by, id, "WGS84", p.Answer.Plan.stands())
		if err != nil {
			return false, said("make a plan again", err)
		}
		was, is = p.Answer.Plan, w.compare().After
	} else {
		d.Notes = []Words{}
		if is, err = s.answer(ctx, p.Question, &d); err != nil {
			return false, said("make a plan again", err)
		}
	}
	a, err := json.Marshal(was)
	if err != nil {
		return false, fmt.Errorf("make plan %d again: %w", id, err)
	}
	b, err := json.Marshal(is)
	if err != nil {
		return false, fmt.Errorf("make plan %d again: %w", id, err)
	}
	return bytes.Equal(a, b), nil
}

// stands are the posts as a what-if has them.
func (m Measured) stands() []Stand {
	out := make([]Stand, len(m.Posts))
	for i, p := range m.Posts {
		out[i] = Stand{Name: p.Name, X: p.Lon, Y: p.Lat, Units: p.Units}
	}
	return out
}
