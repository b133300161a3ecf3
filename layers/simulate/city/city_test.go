package city

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 22, 0, 0, 0, 0, Zone)

func small(t testing.TB, seed uint64) *City {
	t.Helper()
	c, err := New(Options{Seed: seed, Size: "small", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// content writes down all that a city holds.
func content(t *testing.T, c *City) string {
	h := sha256.New()
	w := json.NewEncoder(h)
	put := func(v any) {
		if err := w.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	put(c.UnitGrids())
	put(c.DutyGrids())
	put(c.CommunityGrids())
	put(c.Divisions())
	put(c.LandUse())
	put(c.Water())
	put(c.Waterways())
	put(c.Roads())
	put(c.Buildings())
	put(c.POIs())
	put(c.Places())
	put(c.Organisations())
	put(c.Workers())
	put(c.Truth())
	nodes, links := c.Network()
	put(nodes)
	put(links)
	c.Assets(func(x Asset) bool { put(x); return true })
	c.Enterprises(func(x Enterprise) bool { put(x); return true })
	c.Population(func(x Count) bool { put(x); return true })
	c.Flows(func(x Flow) bool { put(x); return true })
	c.Incidents(func(x Incident) bool { put(x); return true })
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestSameSeedSameCity(t *testing.T) {
	first := content(t, small(t, 7))
	if again := content(t, small(t, 7)); again != first {
		t.Error("the same seed made another city")
	}
	if other := content(t, small(t, 8)); other == first {
		t.Error("another seed made the same city")
	}
}

func TestSizesAreKnown(t *testing.T) {
	if _, err := New(Options{Size: "huge"}); err == nil {
		t.Error("a size that there is not was accepted")
	}
}

// TestGridsPartTheCity: unit grids cover the county exactly once. They are
// faces of one mesh, so it is enough that areas add up and are positive; the
// test of the loaded city asks PostGIS too.
func TestGridsPartTheCity(t *testing.T) {
	for seed := range uint64(5) {
		c := small(t, seed)
		sum := 0.0
		for i, b := range c.blocks {
			if b.areaM2 <= 0 {
				t.Errorf("seed %d: block %d has %g m²", seed, i, b.areaM2)
			}
			sum += b.areaM2
		}
		if want := areaOf(c.site.outline); sum < want*(1-1e-9) || sum > want*(1+1e-9) {
			t.Errorf("seed %d: grids have %.3f m², the county %.3f m²", seed, sum, want)
		}
	}
}

func TestCodes(t *testing.T) {
	c := small(t, 1)
	unit := regexp.MustCompile(`^330782[0-9]{9}$`)
	seen := map[string]bool{}
	for _, g := range c.UnitGrids() {
		if !unit.MatchString(g.Code) || g.Code[:12] != g.AreaCode || seen[g.Code] {
			t.Fatalf("unit grid %q in %q", g.Code, g.AreaCode)
		}
		if g.Duty[:12] != g.AreaCode || g.Cell[:12] != g.AreaCode {
			t.Fatalf("unit grid %s: responsibility grid %s, community grid %s", g.Code, g.Duty, g.Cell)
		}
		seen[g.Code] = true
	}
	classes := map[string]int{}
	asset := regexp.MustCompile(`^330782[0-9]{11}$`)
	c.Assets(func(a Asset) bool {
		if !asset.MatchString(a.Code) || a.Code[6:11] != a.Class || seen[a.Code] {
			t.Fatalf("asset %q of class %s", a.Code, a.Class)
		}
		seen[a.Code] = true
		classes[a.Class]++
		return true
	})
	if len(classes) != 153 {
		t.Errorf("%d of 153 classes have components", len(classes))
	}
}

// TestUSCC checks codes against a published one: Tencent's 9144030071526726XG.
func TestUSCC(t *testing.T) {
	if got := usccCheck("9144030071526726X"); got != 'G' {
		t.Errorf("check character %c, want G", got)
	}
	if c := USCC("91", County, 12345); len(c) != 18 || c[8:10] != "YW" || usccCheck(c) != c[17] {
		t.Errorf("USCC %s", c)
	}
}

// TestIncidentsFollowTheirTruth counts what was triggered against theta: of a
// stationary process, theta of all incidents are somebody's children, less
// those of the last days, which are yet to come, and of the city's edge.
func TestIncidentsFollowTheirTruth(t *testing.T) {
	c := small(t, 3)
	group := map[string]int{}
	p := c.newProcess()
	for i, k := range p.kinds {
		group[k.standard+k.code] = p.group[i]
	}
	all, triggered := make([]float64, len(groups)), make([]float64, len(groups))
	states := map[string]int{}
	n := 0
	var last time.Time
	c.Incidents(func(x Incident) bool {
		n++
		g := group[x.Standard+x.Class]
		all[g]++
		if x.Triggered {
			triggered[g]++
		}
		states[x.State]++
		if x.Occurred.Before(last) || x.Occurred.After(now) || x.ID != n {
			t.Fatalf("incident %d at %v after one at %v", x.ID, x.Occurred, last)
		}
		last = x.Occurred
		for i, s := range x.Steps {
			if i > 0 && (s.At.Before(x.Steps[i-1].At) || s.From != x.Steps[i-1].To) || s.At.After(now) {
				t.Fatalf("incident %d: step %d %+v after %+v", x.ID, i, s, x.Steps[max(0, i-1)])
			}
		}
		return true
	})
	if n < 7500 || n > 8500 {
		t.Errorf("%d incidents, want about 8,000", n)
	}
	for _, s := range []string{"reported", "registered", "filed", "dispatched", "handling", "feedback", "checking", "checked", "closed", "rejected", "void"} {
		if states[s] == 0 {
			t.Errorf("no incident is %s: %v", s, states)
		}
	}
	for g, theta := range all {
		want, got := groups[g].theta, triggered[g]/theta
		// Three standard errors, and a twentieth for edges.
		if slack := 3*math.Sqrt(want/theta) + want/20 + 0.01; got < want-slack || got > want+slack {
			t.Errorf("group %s: share triggered %.3f of %.0f, want %.3f", groups[g].name, got, theta, want)
		}
	}
}

func TestNetworkHangsTogether(t *testing.T) {
	c := small(t, 1)
	nodes, links := c.Network()
	place := map[int]int{}
	for i, n := range nodes {
		place[n.ID] = i
	}
	u := newUnion(len(nodes))
	for _, l := range links {
		u.join(place[l.From], place[l.To])
	}
	size := make([]int, len(nodes))
	for i := range nodes {
		size[u.find(i)]++
	}
	if best := slices.Max(size); best < len(nodes)*98/100 {
		t.Errorf("the largest part has %d of %d crossings", best, len(nodes))
	}
}
