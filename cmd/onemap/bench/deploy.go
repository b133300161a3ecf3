package bench

import "context"

// Deploy measures plans of forces: posts on Portland's demand, beside exact
// solvers where they are installed; patrols, beside dynamic programming. It needs no database.
func Deploy(ctx context.Context, o Options) error {
	if err := o.siting(ctx); err != nil {
		return err
	}
	return o.patrols(ctx)
}
