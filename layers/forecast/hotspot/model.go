package hotspot

import "context"

// A Model learns from events.
type Model interface {
	// Name is short, stable and unique within a ladder: it stands in records,
	// tables and weights.
	Name() string
	// Fit learns from past, which is sorted by day and lies before until
	// ([Check]); its first event, or a later day that the model says, is where
	// history begins. No events are no error: the forecast is then the model's
	// best guess, at the least the uniform one. past is kept by no one.
	//
	// The same input gives the same bits. It returns errors wrapping [ErrInput]
	// for what the caller can mend, and ctx's error when that ends.
	Fit(ctx context.Context, s *Space, past []Event, until float64) (Fitted, error)
}

// A Fitted model forecasts. It does not change, so many may ask it at once.
type Fitted interface {
	// Expect writes the expected number of events of each cell from the day from
	// on and before the day to into into, whose length is the Len of the Space
	// it was fitted on. until <= from < to. Every value is finite and not
	// negative.
	Expect(from, to float64, into []float64)
}

// A Mover is a Fitted whose parameters are costly to estimate and slow to
// change. Move brings it to a later cut with the same parameters and a longer
// history: past is sorted, all before until, and begins with the events it
// was fitted on. A rolling backtest estimates such a model every few weeks and
// moves it in between; a model that is cheap to fit need not be a Mover.
type Mover interface {
	Fitted
	Move(ctx context.Context, past []Event, until float64) (Fitted, error)
}

// Told is a Fitted that can say what it learned, for the record of a run and
// for the reasons beside a map. The keys are stable.
type Told interface {
	Fitted
	Parameters() map[string]float64
}
