package bench

import "context"

// Deploy measures plans of forces: posts on Portland's demand, beside exact
// solvers where they are installed. It needs no database.
func Deploy(ctx context.Context, o Options) error {
	return o.siting(ctx)
}
