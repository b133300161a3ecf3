package sharing_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"onemap/layers"
	"onemap/layers/sharing"
)

var (
	someItems = []string{"name", "uscc", "risk", "address", "phone"}
	someAreas = []string{"33", "3307", "330782", "330782001", "330782001002", "330782002", "330783"}
	someGrids = []string{"D1", "D2", "330782001002001", "330782001002002", "330782002001001"}
	someTimes = []time.Time{time.Unix(1e9, 0), time.Unix(2e9, 0), time.Unix(3e9, 0)}
	// The unit grids that a responsibility grid is made of.
	made = map[string][]string{"D1": {"330782001002001", "330782001002002"}, "D2": {"330782002001001"}}
)

func in(grid, other string) bool { return grid == other || slices.Contains(made[other], grid) }

// gives is what the terms mean, said another way: whether a member with an area
// of its own sees an item of a row, which lies in a division and a unit grid,
// at a moment.
func gives(t sharing.Terms, own, item, area, grid string, at time.Time) bool {
	if t.AreaCode != "" {
		own = t.AreaCode
	}
	inGrids := t.Grids == nil || slices.ContainsFunc(t.Grids, func(g string) bool { return in(grid, g) })
	return slices.Contains(t.Items, item) && strings.HasPrefix(area, own) && inGrids && at.Before(t.EndsAt)
}

func terms(t *rapid.T, label string) sharing.Terms {
	out := sharing.Terms{
		Items:    rapid.SliceOfNDistinct(rapid.SampledFrom(someItems), 1, len(someItems), rapid.ID).Draw(t, label+" items"),
		AreaCode: rapid.SampledFrom(append([]string{""}, someAreas...)).Draw(t, label+" area"),
		EndsAt:   rapid.SampledFrom(someTimes).Draw(t, label+" end"),
	}
	if rapid.Bool().Draw(t, label+" has grids") {
		out.Grids = rapid.SliceOfNDistinct(rapid.SampledFrom(someGrids), 1, 3, rapid.ID).Draw(t, label+" grids")
	}
	return out
}

// What is within what was asked shows nothing to anybody that the asked would
// not: over every member, item, row and moment. Where the terms name no grids
// the reverse holds too, so nothing narrower is refused.
func TestNothingWithinShowsMore(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		asked, given := terms(t, "asked"), terms(t, "given")
		users := rapid.SliceOfNDistinct(rapid.SampledFrom(someAreas), 1, 3, rapid.ID).Draw(t, "users")
		err := given.Within(asked, users, in)
		more := ""
		for _, own := range users {
			for _, item := range someItems {
				for _, area := range someAreas {
					for _, grid := range someGrids[2:] {
						for _, at := range append(someTimes, time.Unix(0, 0)) {
							if gives(given, own, item, area, grid, at) && !gives(asked, own, item, area, grid, at) {
								more = own + " sees " + item + " of " + area + " in " + grid + " at " + at.String()
							}
						}
					}
				}
			}
		}
		switch {
		case err == nil && more != "":
			t.Fatalf("asked %+v, given %+v: accepted, though %s", asked, given, more)
		case err != nil && more == "" && given.Grids == nil && asked.Grids == nil:
			t.Fatalf("asked %+v, given %+v: %v, though nobody sees more", asked, given, err)
		case err != nil && !errors.Is(err, layers.ErrInvalid):
			t.Fatalf("not the caller's to read: %v", err)
		}
		if err == nil {
			accepted++
		}
	})
	if accepted == 0 {
		t.Error("nothing was ever within: the test shows nothing")
	}
}

// Whatever is cut from what was asked, in any number of ways, is within it.
func TestWhatIsCutIsWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asked := terms(t, "asked")
		users := []string{rapid.SampledFrom(someAreas).Draw(t, "user")}
		given := asked
		given.Items = asked.Items[:rapid.IntRange(1, len(asked.Items)).Draw(t, "items")]
		if asked.AreaCode != "" && rapid.Bool().Draw(t, "cut area") {
			given.AreaCode += "001"
		}
		if rapid.Bool().Draw(t, "cut grids") {
			if asked.Grids == nil {
				given.Grids = []string{"D1"}
			} else {
				given.Grids = asked.Grids[:1]
			}
		}
		given.EndsAt = asked.EndsAt.Add(-time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "earlier")))
		if err := given.Within(asked, users, in); err != nil {
			t.Fatalf("asked %+v, given %+v: %v", asked, given, err)
		}
	})
}

func TestWithinNamesWhatIsWider(t *testing.T) {
	asked := sharing.Terms{Items: []string{"name", "risk"}, AreaCode: "330782001", Grids: []string{"D1"}, EndsAt: someTimes[1]}
	users := []string{"330782001"}
	for _, c := range []struct {
		name, field string
		change      func(*sharing.Terms)
	}{
		{"the same", "", func(*sharing.Terms) {}},
		{"a grid in the one asked", "", func(t *sharing.Terms) { t.Grids = []string{"330782001002001"} }},
		{"one item more", "items", func(t *sharing.Terms) { t.Items = []string{"name", "phone"} }},
		{"no items", "items", func(t *sharing.Terms) { t.Items = nil }},
		{"the county for the town", "area_code", func(t *sharing.Terms) { t.AreaCode = "330782" }},
		{"another town", "area_code", func(t *sharing.Terms) { t.AreaCode = "330782002" }},
		{"its own area, which is the same", "", func(t *sharing.Terms) { t.AreaCode = "" }},
		{"all grids", "grids", func(t *sharing.Terms) { t.Grids = nil }},
		{"no grids", "grids", func(t *sharing.Terms) { t.Grids = []string{} }},
		{"another grid", "grids", func(t *sharing.Terms) { t.Grids = []string{"D1", "D2"} }},
		{"a moment longer", "ends_at", func(t *sharing.Terms) { t.EndsAt = t.EndsAt.Add(1) }},
		{"without an end", "ends_at", func(t *sharing.Terms) { t.EndsAt = time.Time{} }},
	} {
		given := asked
		c.change(&given)
		var input *layers.InputError
		err := given.Within(asked, users, in)
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.field != "" && (!errors.As(err, &input) || input.Field != c.field):
			t.Errorf("%s: %v, want a fault of %s", c.name, err, c.field)
		}
	}
	// The county's department asks for each one's own; the county explicitly
	// would show a town's branch more than its town.
	own := sharing.Terms{Items: []string{"name"}, EndsAt: someTimes[1]}
	county := own
	county.AreaCode = "330782"
	if county.Within(own, []string{"330782", "330782001"}, in) == nil {
		t.Error("a town's branch would see the county")
	}
	if err := county.Within(own, []string{"330782"}, in); err != nil {
		t.Errorf("for the county alone: %v", err)
	}
}
