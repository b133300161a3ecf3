// Package release is disclosure control for counts of people: what of them is
// shown to whom, and what is left out so that nobody can work it out.
//
// A layer of counts (one with a k_floor in the registry) is served only from
// protected releases, one per audience and day of the city. Its rows carry the
// audience that they are for, and the one policy (layers/access) shows each
// caller the rows of one audience. So tiles, filters, clusters, exports,
// statistics, search and live messages are all computed from one release, and
// no difference of two answers is more than a sum of counts that it shows.
//
//   - One lattice. All releases are of the same cells (governance grids) and
//     hours. No total of a town or a day is ever released beside them.
//   - A floor: counts below it are left out. A cell that is not there is empty,
//     or below the floor, or left out for another's sake: nobody can tell which.
//   - Secondary suppression: more is left out until even someone who knows the
//     true totals of each line (a town's hour, a cell's day; all that leave a
//     grid in an hour, all that come to it) cannot tell that a count is below the
//     floor. See [Protect].
//   - Rounding, so that someone who knows all but one of the people in a count
//     cannot tell that one from it.
//   - A chain: what a wider audience sees is made of what the one before it
//     sees: fewer cells, and values that follow from those. Who has two releases
//     knows no more than who has the finer one.
//   - Once: a day is released when it has ended, and not again. A second release
//     would show what changed between the two.
//
// Not proof against who knows which cells are truly empty, or who knows nearly
// everyone in a cell; and no noise is added. domain.md's numbers (10, 20 and
// 50) are defaults that a deployment may raise.
package release

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// An Audience is those who see one release, and how it is protected.
type Audience struct {
	Name     string // layers.AudienceInternal, …
	TitleZH  string
	TitleEN  string
	Floor    int  // counts below it are never shown
	Rounding int  // shown counts are multiples of it
	Night    bool // the hours from 22 to 6 are shown
}

// Audiences returns all audiences, from the finest release to the coarsest.
func Audiences(ctx context.Context, tx pgx.Tx) ([]Audience, error) {
	rows, err := tx.Query(ctx, `SELECT name, title_zh, title_en, floor, rounding, night FROM onemap.audience ORDER BY position`)
	if err != nil {
		return nil, fmt.Errorf("audiences: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Audience])
	if err != nil {
		return nil, fmt.Errorf("audiences: %w", err)
	}
	return all, nil
}

// AtLeast returns the audiences with no floor below the layer's own.
func AtLeast(all []Audience, floor int) []Audience {
	out := slices.Clone(all)
	for i := range out {
		out[i].Floor = max(out[i].Floor, floor)
	}
	return out
}

// AtNight says whether a moment's hour is one of those from 22 to 6 there.
func AtNight(at time.Time, zone *time.Location) bool {
	h := at.In(zone).Hour()
	return h < 6 || h >= 22
}

// Shown is what an audience reads where the count is n: rounded by each
// audience before it in turn, so that it follows from what those read. chain
// ends with the audience itself. Halves go up.
func Shown(n int, chain []Audience) int {
	for _, a := range chain {
		n = (n + a.Rounding/2) / a.Rounding * a.Rounding
	}
	return n
}
