package hotspot

import "context"

// Latest gives a model no more than the Most latest events, so that what it
// costs does not grow with a city's archive. It is for models of what events
// set off in the weeks after them, which learn nothing from the rest.
type Latest struct {
	Model
	Most int
}

// Fit implements [Model].
func (m Latest) Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error) {
	from := max(0, len(past)-m.Most)
	f, err := m.Model.Fit(ctx, s, past[from:], until)
	if err != nil {
		return nil, err
	}
	if moves, ok := f.(Mover); ok {
		return latestFitted{moves, from}, nil
	}
	return f, nil
}

// latestFitted remembers where its history begins: a [Mover] wants to see what
// it was fitted on.
type latestFitted struct {
	Mover
	from int
}

// Move implements [Mover].
func (f latestFitted) Move(ctx context.Context, past []Event, until float64) (Fitted, error) {
	n, err := f.Mover.Move(ctx, past[f.from:], until)
	if err != nil {
		return nil, err
	}
	if moves, ok := n.(Mover); ok {
		return latestFitted{moves, f.from}, nil
	}
	return n, nil
}

// Parameters implements [Told] where the model has some to tell.
func (f latestFitted) Parameters() map[string]float64 {
	if t, ok := f.Mover.(Told); ok {
		return t.Parameters()
	}
	return nil
}
