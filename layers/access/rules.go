package access

import (
	"slices"
	"time"

	"onemap/geo/where"
	"onemap/layers"
)

// The rules. A caller's right to a layer is the union of the lines that apply.
//
//	who                         share           rows                              fields
//	--------------------------  --------------  --------------------------------  -------------------
//	anyone                      open layers     all                               public
//	staff (signed in)           unconditional   all, the whole city               public, internal
//	owner's line                any             of the organisation's area, and   public, internal;
//	                                            its own rows (below)              with a duty role also sensitive
//	grantee's line, with a      conditional     of the grant's area, or where it  the grant's, or
//	duty role                                   names none of their own area;     public, internal
//	                                            there, of its grids if it has any
//	department, own rows        conditional     where the layer's department      public, internal
//	                                            field names its line
//	anyone else                 conditional,    none: 404                         none
//	                            none
//
//	grid worker, and nothing wider: every line above is cut to the rows of the
//	worker's own grids, but for the base library and the grids themselves.
//
// The line of an organisation: itself, and below it those of its own kind. A
// bureau's branches act for the bureau, a town's government for the county's;
// but a government does not own for its departments, nor they for each other.
// So what the owner or the grantee may see, its line may, each in its own area.
//
// Grids are named by code, of any of the three kinds, and stand for themselves
// and all that they are made of, as the grids in force have it. A grant's grids
// narrow its area, they never widen it; one whose grids are all gone gives
// nothing.
//
// The area of an organisation is a prefix of area_code; the empty one is
// everywhere. Unconditional layers are not cut by area: the base library and
// the grids must draw beyond one's own town.
//
// A grant serves a duty: it needs one of the roles command_centre, acceptor,
// shift_leader, dispatcher, department_officer, planner, grid_worker. So administrators do not watch the
// city. Those roles never add rows beyond the organisation's: separation of
// duties is that an administrator, a security administrator or an auditor sees
// no more than any of the organisation's staff, and no sensitive field.
//
// Layers of forecasts (subject forecast) need one of the roles command_centre,
// planner, department_officer on top: those who answer for where forces go. Who
// takes calls or walks a grid gets a task, not the expectation behind it.
//
// Grants count for conditional layers only: one on a layer that is not shared
// (不予共享) does nothing. One that ended or was revoked does nothing.
//
// A layer of counts (with a k floor) is stored as protected releases, one for
// each audience, and every line above is cut to the rows of one of them, the
// operator's too (layers/release):
//
//	internal  the owner's line and a command centre with a grant, with a duty role
//	staff     whoever else is signed in
//	public    the public
//
// The public sees a layer while the portal of open data is on and publishes it,
// itself or a generalised copy; copies are for the public alone, staff see the
// layers that they were made of (layers/opendata).
//
// Two releases are never added up, and where a layer of counts has no release,
// nobody sees anything.

// alternative is one line that applies: some rows with some fields.
type alternative struct {
	rows   where.Cond
	fields []string // in the layer's order
}

// publicRight is the first line of the table.
func publicRight(l layers.Layer) (Right, bool) {
	if !l.Published || !l.Open || l.Share != layers.Unconditional {
		return Right{}, false
	}
	return Right{Where: where.True, Fields: fieldsOf(l, layers.Public), layer: l.Name}.released(l, layers.AudiencePublic), true
}

// decide applies the table.
func (s *scope) decide(l layers.Layer, now time.Time) (Right, bool) {
	if s.operator {
		return Right{Where: where.True, Fields: fieldsOf(l, layers.Public, layers.Internal, layers.Sensitive), layer: l.Name}.released(l, layers.AudienceInternal), true
	}
	if l.CopyOf != "" || l.Subject == "forecast" && !(Scope{s: s}).Has(CommandCentre, Planner, DepartmentOfficer) {
		return Right{}, false
	}
	audience := layers.AudienceStaff
	staff := fieldsOf(l, layers.Public, layers.Internal)
	var alts []alternative
	if l.Share == layers.Unconditional {
		alts = append(alts, alternative{where.True, staff})
	}
	own := where.False
	if l.DeptField != "" && s.org.Kind == kindDepartment {
		own = where.Simplify(where.In{Field: l.DeptField, Values: s.below})
	}
	owner := l.Owner != "" && slices.Contains(s.line, l.Owner)
	if owner {
		fields := staff
		if s.duty {
			fields = fieldsOf(l, layers.Public, layers.Internal, layers.Sensitive)
			audience = layers.AudienceInternal
		}
		alts = append(alts, alternative{where.Or(inArea(s.org.AreaCode), own), fields})
	}
	if l.Share == layers.Conditional {
		for _, g := range s.grants {
			if g.Layer != l.Name || !g.inForce(now) || !s.duty {
				continue
			}
			alts = append(alts, alternative{g.rows(s.org.AreaCode), g.fields(l)})
			if s.org.Kind == kindCentre {
				audience = layers.AudienceInternal
			}
		}
		if !owner && !where.IsFalse(own) {
			alts = append(alts, alternative{own, staff})
		}
	}
	if len(alts) == 0 {
		return Right{}, false
	}
	if s.onlyGrids && l.Subject != "base" && l.Subject != "grid" {
		for i := range alts {
			alts[i].rows = where.And(alts[i].rows, where.In{Field: "grid_code", Values: s.cells})
		}
	}
	r := unite(l, alts)
	r.scope = s
	return r.released(l, audience), true
}

// released cuts a right to a layer of counts to the one release that the
// audience sees.
func (r Right) released(l layers.Layer, audience string) Right {
	if l.KFloor == 0 {
		return r
	}
	if _, ok := l.Field(layers.AudienceField); !ok {
		return Right{Where: where.False, Masked: r.Masked, layer: r.layer, scope: r.scope}
	}
	one := where.Eq{Field: layers.AudienceField, Value: audience}
	r.Audience, r.Where = audience, where.And(r.Where, one)
	more := make([]More, len(r.More))
	for i, m := range r.More {
		more[i] = More{where.And(m.Where, one), m.Fields}
	}
	r.More = more
	return r
}

// inArea is the condition on rows of an area; the empty code is everywhere.
func inArea(code string) where.Cond {
	if code == "" {
		return where.True
	}
	return where.Prefix{Field: "area_code", Prefix: code}
}

// fieldsOf returns the layer's fields of the sensitivities, in the layer's order.
func fieldsOf(l layers.Layer, sensitivities ...string) []string {
	out := make([]string, 0, len(l.Fields))
	for _, f := range l.Fields {
		if slices.Contains(sensitivities, f.Sensitivity) {
			out = append(out, f.Name)
		}
	}
	return out
}
