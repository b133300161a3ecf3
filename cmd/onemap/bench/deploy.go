package bench

import "context"

// Deploy measures plans of forces: posts on Portland's demand, beside exact
// solvers where they are installed; patrols, beside dynamic programming; and over
// the API, what would become of a plan if its posts stood elsewhere. Only the last
// needs a database.
func Deploy(ctx context.Context, o Options) error {
	return o.parts(ctx, part{"mclp", o.siting}, part{"models", o.otherModels}, part{"patrols", o.patrols}, part{"what-if", o.whatIf})
}
