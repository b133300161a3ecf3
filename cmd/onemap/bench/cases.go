package bench

import "context"

// caseBenches are the parts of [Cases], each with a database of its own.
var caseBenches = []func(context.Context, Options) error{caseFlow, evaluation}

// Cases measures what a command centre does all day: cases moved through the
// flow, and a month of them evaluated.
func Cases(ctx context.Context, o Options) error {
	for _, part := range caseBenches {
		if err := part(ctx, o); err != nil {
			return err
		}
	}
	return nil
}
