package deploy

import (
	"context"
	"fmt"

	"onemap/layers"
	"onemap/layers/deploy/roads"
)

// notes says what there is to know of the roads under a plan, and refuses what
// would give a wrong map: demand that no road is near.
func (s *Store) notes(ctx context.Context, q Question, d *Data, m *roads.Matrix) error {
	g, err := s.Roads.Graph(ctx, q.profile())
	if err != nil {
		return err
	}
	d.Roads = g.Print()
	say := func(zh, en string, args ...any) {
		d.Notes = append(d.Notes, Words{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)})
	}
	if len(m.OffFrom) == len(d.Candidates) {
		return &layers.InputError{Field: "candidates", Remedy: fmt.Sprintf("no road is within %.0f m of any of them: check the coordinate system, or import the road network", roads.MaxSnapM)}
	}
	if len(m.OffFrom) > 0 {
		say("%d 个候选点 %.0f 米内没有道路,不能使用。", "%d candidates have no road within %.0f m and cannot be used.", len(m.OffFrom), roads.MaxSnapM)
	}
	var off, all float64
	for _, p := range d.Points {
		all += p.Demand
	}
	for _, i := range m.OffTo {
		off += d.Points[i].Demand
	}
	if off >= all {
		return &layers.InputError{Field: "demand", Remedy: fmt.Sprintf("no road is within %.0f m of any of it: check the coordinate system, or import the road network", roads.MaxSnapM)}
	}
	if off > 0 {
		say("%.1f%% 的需求 %.0f 米内没有道路,任何驻点都到不了。", "%.1f %% of demand has no road within %.0f m: no post reaches it.", 100*off/all, roads.MaxSnapM)
	}
	reached := make([]bool, len(d.Points))
	for _, row := range m.Seconds {
		for i, t := range row {
			if t != roads.Unreachable {
				reached[i] = true
			}
		}
	}
	var lost float64
	for i, p := range d.Points {
		if !reached[i] {
			lost += p.Demand
		}
	}
	if lost -= off; lost > 1e-9*all {
		say("%.1f%% 的需求在 %.0f 分钟内任何候选点都到不了。", "%.1f %% of demand is not reached from any candidate within %.0f minutes.", 100*lost/all, q.furthest()/60)
	}
	parts := g.Parts()
	if parts.Count > 1 && parts.Largest < parts.Nodes {
		islands := 0.0
		for i, p := range m.To {
			if p.Part > 0 {
				islands += d.Points[i].Demand
			}
		}
		if islands > 0 {
			say("道路网有 %d 个互不连通的部分,%.1f%% 的需求不在最大的一部分上。", "The road network has %d parts that do not hang together; %.1f %% of demand is not on the largest.", parts.Count, 100*islands/all)
		}
	}
	outside := 0.0
	for _, p := range d.Points {
		if p.Area < 0 {
			outside += p.Demand
		}
	}
	if outside > 0 {
		say("%.1f%% 的需求不在任何区域内,不计入公平底线。", "%.1f %% of demand lies in none of the areas; the floor does not count it.", 100*outside/all)
	}
	return nil
}
