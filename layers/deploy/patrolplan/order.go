package patrolplan

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"onemap/layers"
	"onemap/layers/deploy/patrol"
	"onemap/layers/locate"
)

// An Order asks for a plan.
type Order struct {
	UUID   uuid.UUID // made by the client; the zero value: none
	Title  string
	Dept   string
	Mode   string // "": car
	Run    int64  // a forecast; 0: none
	Top    int    // how many of its cells; 0: 60
	Places []PlaceDraft
	Units  []UnitDraft
	Rules  Rules
	// NoExplore and NoDetour say that the zeros of Rules are meant.
	NoExplore, NoDetour bool
	Seed                int64  // 0: one is drawn, and kept
	Address             string `json:"-"`
}

// A PlaceDraft is a place that a person picked.
type PlaceDraft struct {
	Title   string
	At      locate.Place
	Score   float64 // 0: the mean of the forecast's, or 1
	StayMin float64 // 0: as the rules say
}

// A UnitDraft is a crew to be sent.
type UnitDraft struct {
	Name   string
	Person string // login of a grid worker
	Grid   string // or any worker of this grid
	From   time.Time
	Until  time.Time
	Start  *EndDraft // nil: anywhere
	End    *EndDraft // nil: as Start
	Breaks []BreakDraft
}

// An EndDraft is where a unit begins or ends.
type EndDraft struct {
	Title string
	At    locate.Place
}

// A BreakDraft begins between Earliest and Latest.
type BreakDraft struct {
	Earliest, Latest time.Time
	Minutes          float64
}

const (
	defaultTop  = 60
	mostAhead   = 62 * 24 * time.Hour
	candidates  = 40 // places of exploration that chance offers
	longestSpan = 48 * time.Hour
)

// check finds what can be seen of an order alone.
func (o *Order) check(now time.Time) error {
	for _, t := range []struct {
		field, text string
		most        int
	}{{"title", o.Title, 200}, {"dept_code", o.Dept, 40}} {
		if err := layers.CheckText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	switch {
	case o.Mode != "" && o.Mode != "car" && o.Mode != "emergency" && o.Mode != "foot":
		return &layers.InputError{Field: "mode", Value: layers.Short(o.Mode), Remedy: "car, emergency or foot"}
	case len(o.Units) == 0:
		return &layers.InputError{Field: "units", Remedy: "at least one unit: there is nobody to send"}
	case len(o.Units) > patrol.MaxUnits:
		return &layers.InputError{Field: "units", Value: fmt.Sprint(len(o.Units)), Remedy: fmt.Sprintf("at most %d units in one plan", patrol.MaxUnits)}
	case o.Run == 0 && len(o.Places) == 0:
		return &layers.InputError{Field: "run", Remedy: "a forecast, or places that you picked: there is nowhere to go"}
	case o.Top < 0 || o.Top+len(o.Places) > patrol.MaxSpots-candidates:
		return &layers.InputError{Field: "top", Value: fmt.Sprint(o.Top), Remedy: fmt.Sprintf("at most %d places in one plan", patrol.MaxSpots-candidates)}
	}
	if err := o.Rules.check(); err != nil {
		return err
	}
	for i, p := range o.Places {
		if err := p.check(fmt.Sprintf("places[%d]", i)); err != nil {
			return err
		}
	}
	names := map[string]bool{}
	for i := range o.Units {
		u := &o.Units[i]
		field := fmt.Sprintf("units[%d]", i)
		if u.Name = strings.TrimSpace(u.Name); u.Name == "" {
			u.Name = fmt.Sprint(i + 1)
		}
		if err := u.check(field, now); err != nil {
			return err
		}
		if names[u.Name] {
			return &layers.InputError{Field: field + ".name", Value: layers.Short(u.Name), Remedy: "a name of its own"}
		}
		names[u.Name] = true
	}
	from, until := o.span()
	if until.Sub(from) > longestSpan {
		return &layers.InputError{Field: "units", Remedy: "shifts within two days: make a plan for each day"}
	}
	return nil
}

func (r Rules) check() error {
	for _, c := range []struct {
		field       string
		v           float64
		least, most float64
		remedy      string
	}{
		{"stay_min", r.StayMin, 1, 120, "1 to 120 minutes: 12 to 16 are advised"},
		{"revisit_min", r.RevisitMin, 15, 1440, "15 to 1,440 minutes: 120 are advised"},
		{"max_spots", float64(r.MaxSpots), 1, 50, "1 to 50"},
		{"explore", r.Explore, 0, 0.5, "0 to 0.5: 0.05 to 0.1 are advised"},
		{"detour", r.Detour, 0, 1, "0 to 1"},
		{"cap_min", r.CapMin, 1, 10080, "1 to 10,080 minutes a week"},
	} {
		if c.v != 0 && !(c.v >= c.least && c.v <= c.most) {
			return &layers.InputError{Field: "rules." + c.field, Value: fmt.Sprint(c.v), Remedy: c.remedy}
		}
	}
	return nil
}

func (p PlaceDraft) check(field string) error {
	if err := layers.CheckText(field+".title", p.Title, 200); err != nil {
		return err
	}
	if !(p.Score >= 0) || math.IsInf(p.Score, 0) {
		return &layers.InputError{Field: field + ".score", Value: fmt.Sprint(p.Score), Remedy: "expected incidents, a number that is not negative"}
	}
	if p.StayMin != 0 && !(p.StayMin >= 1 && p.StayMin <= 120) {
		return &layers.InputError{Field: field + ".stay_min", Value: fmt.Sprint(p.StayMin), Remedy: "1 to 120 minutes"}
	}
	return nil
}

// check finds impossible shifts.
func (u *UnitDraft) check(field string, now time.Time) error {
	for _, t := range []struct {
		name, text string
		most       int
	}{{"name", u.Name, 100}, {"person", u.Person, 63}, {"grid_code", u.Grid, 40}} {
		if err := layers.CheckText(field+"."+t.name, t.text, t.most); err != nil {
			return err
		}
	}
	switch {
	case u.From.IsZero() || u.Until.IsZero():
		return &layers.InputError{Field: field + ".from", Remedy: "when the shift begins and ends"}
	case !u.Until.After(u.From):
		return &layers.InputError{Field: field + ".until", Value: u.Until.Format(time.RFC3339), Remedy: "after the beginning of the shift"}
	case u.Until.Sub(u.From) > 24*time.Hour:
		return &layers.InputError{Field: field + ".until", Value: u.Until.Format(time.RFC3339), Remedy: "a shift of at most 24 hours"}
	case !u.Until.After(now):
		return &layers.InputError{Field: field + ".until", Value: u.Until.Format(time.RFC3339), Remedy: "a shift that is not over yet"}
	case u.From.Sub(now) > mostAhead:
		return &layers.InputError{Field: field + ".from", Value: u.From.Format(time.RFC3339), Remedy: "within two months from now"}
	}
	for i, b := range u.Breaks {
		if b.Earliest.IsZero() || b.Latest.IsZero() || !(b.Minutes > 0) {
			return &layers.InputError{Field: fmt.Sprintf("%s.breaks[%d]", field, i), Remedy: "earliest, latest and minutes"}
		}
	}
	for name, e := range map[string]*EndDraft{"start": u.Start, "end": u.End} {
		if e != nil {
			if err := layers.CheckText(field+"."+name+".title", e.Title, 200); err != nil {
				return err
			}
		}
	}
	return nil
}

// span is from the earliest beginning to the latest end.
func (o *Order) span() (from, until time.Time) {
	from, until = o.Units[0].From, o.Units[0].Until
	for _, u := range o.Units[1:] {
		if u.From.Before(from) {
			from = u.From
		}
		if u.Until.After(until) {
			until = u.Until
		}
	}
	return from, until
}

// filled puts the defaults in the place of what was left out.
func (o *Order) filled() Rules {
	d := patrol.Defaults()
	r := o.Rules
	if r.StayMin == 0 {
		r.StayMin = d.StayS / 60
	}
	if r.RevisitMin == 0 {
		r.RevisitMin = d.RevisitS / 60
	}
	if r.MaxSpots == 0 {
		r.MaxSpots = d.MaxSpots
	}
	if r.Explore == 0 && !o.NoExplore {
		r.Explore = d.Explore
	}
	if r.Detour == 0 && !o.NoDetour {
		r.Detour = d.Detour
	}
	return r
}

func (r Rules) rules(seed int64) patrol.Rules {
	return patrol.Rules{StayS: r.StayMin * 60, RevisitS: r.RevisitMin * 60, ApartS: 0.8 * r.RevisitMin * 60, MaxSpots: r.MaxSpots,
		Explore: r.Explore, Detour: r.Detour, Seed: uint64(seed)}
}
