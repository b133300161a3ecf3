package drive

import (
	"context"
	"math"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"onemap/web/client"
)

// An area is ground that incidents happen on: one unit grid.
type area struct {
	polygon orb.MultiPolygon
	bound   orb.Bound
	size    float64 // of its box, in square degrees: only compared
	codes   []string
}

// point draws a place inside.
func (a area) point(r *rand.Rand) orb.Point {
	for range 50 {
		p := orb.Point{
			a.bound.Min[0] + r.Float64()*(a.bound.Max[0]-a.bound.Min[0]),
			a.bound.Min[1] + r.Float64()*(a.bound.Max[1]-a.bound.Min[1]),
		}
		if planar.MultiPolygonContains(a.polygon, p) {
			return p
		}
	}
	return a.polygon[0][0][0]
}

// look finds out what ground and what classes the city has.
func (d *driver) look(ctx context.Context) error {
	who := d.reporters[0]
	for after := int64(0); ; {
		page, err := who.Features(ctx, "grid_unit", url.Values{"limit": {"5000"}, "after": {strconv.FormatInt(after, 10)}})
		if err != nil {
			return err
		}
		for _, f := range page.Features {
			var m orb.MultiPolygon
			switch g := f.Geometry.(type) {
			case orb.MultiPolygon:
				m = g
			case orb.Polygon:
				m = orb.MultiPolygon{g}
			default:
				continue
			}
			b := m.Bound()
			a := area{polygon: m, bound: b, size: (b.Max[0] - b.Min[0]) * (b.Max[1] - b.Min[1])}
			for _, name := range []string{"grid_code", "duty_code", "community_code"} {
				if s := f.Properties.MustString(name, ""); s != "" {
					a.codes = append(a.codes, s)
				}
			}
			d.ground = append(d.ground, a)
			if id, ok := f.ID.(float64); ok {
				after = int64(id)
			}
		}
		if len(page.Features) < 5000 {
			break
		}
	}
	if len(d.ground) == 0 {
		return errNoGround
	}
	var err error
	d.classes, err = who.Classes(ctx, "matter")
	if err == nil && len(d.classes) == 0 {
		err = errNoClasses
	}
	return err
}

// walk moves a worker through their own grids, or anywhere if they have none,
// at the pace of an electric bicycle, until ctx ends; then they go off duty.
func (d *driver) walk(ctx context.Context, who *actor) {
	var own []area
	for _, a := range d.ground {
		for _, code := range a.codes {
			for _, g := range who.session.Person.Grids {
				if code == g {
					own = append(own, a)
				}
			}
		}
	}
	if len(own) == 0 {
		own = d.ground
	}
	var at, goal orb.Point
	next := func() {
		d.random(func(r *rand.Rand) { goal = own[r.IntN(len(own))].point(r) })
	}
	next()
	at = goal
	next()
	for {
		d.wander(who)
		d.position(ctx, who, client.WGS84(at[0], at[1]))
		if !pause(ctx, d.Move) {
			break
		}
		stepM := 4 * d.Move.Seconds() * d.Speed // 4 m/s
		dx := (goal[0] - at[0]) * 111_320 * math.Cos(at[1]*math.Pi/180)
		dy := (goal[1] - at[1]) * 110_900
		if left := math.Hypot(dx, dy); left <= stepM {
			at = goal
			next()
		} else {
			at = orb.Point{at[0] + (goal[0]-at[0])*stepM/left, at[1] + (goal[1]-at[1])*stepM/left}
		}
	}
	// The driver's own context has ended; going off duty is its last act.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := d.again(ctx, who.OffDuty); err != nil {
		d.Log.Warn("go off duty", "error", err)
	}
}
