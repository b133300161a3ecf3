package drive

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"onemap/web/client"
)

// desks are the roles of a command centre that handle cases.
var desks = []string{"command_centre", "acceptor", "shift_leader", "dispatcher"}

// The states that the centre, the departments and the workers look at.
const (
	atCentre = "reported,self_handled,registered,filed,returned,disputed,handling,suspended,feedback,checked"
	atOffice = "dispatched,handling,suspended"
	atPlace  = "verifying,checking"
)

// weights are how readily a step is taken of those that the server allows: most
// cases go straight on, some are verified, returned, extended, suspended or done
// again. What is not named is not done.
var weights = map[string]float64{
	"register": 30, "send_verify": 2, "report_verify": 30, "reject": 0.7, "approve_self": 10, "refuse_self": 1,
	"file": 30, "send_back": 0.3, "dispatch": 30, "give_back": 0.3, "decide": 30,
	"accept": 30, "return": 4, "ask_extension": 1.5, "grant_extension": 10, "refuse_extension": 4, "ask_suspension": 0.7,
	"grant_suspension": 10, "refuse_suspension": 4, "resume": 1, "feedback": 15,
	"send_check": 20, "report_check": 30, "rework": 1, "close": 20, "force_close": 0.02, "supervise": 0.05,
}

// handle looks at the cases in the given states every two seconds and takes
// some of them one step on: the newest wait, as they do on a desk.
func (d *driver) handle(ctx context.Context, who *actor, states string) {
	every := time.Duration(2 / d.Speed * float64(time.Second))
	if who.phone != nil { // a worker looks once a minute
		every *= 30
	}
	for pause(ctx, time.Duration((0.5+d.chance())*float64(every))) {
		if who.phone != nil && who.phone.isAway() {
			continue
		}
		page, _, err := who.Incidents(ctx, url.Values{"state": {states}, "limit": {"200"}})
		if err != nil {
			d.failed(ctx, "list incidents", err)
			continue
		}
		// About half as many steps as would keep up with the reports by
		// themselves, and never none.
		steps := max(1, int(2*d.Rate))
		for steps > 0 && len(page) > 0 && ctx.Err() == nil {
			k := int(d.chance() * float64(len(page)))
			i := page[k]
			page = slices.Delete(page, k, k+1)
			if d.step(ctx, who, i) {
				steps--
			}
		}
	}
}

// step does to a case one of the things that the account may.
func (d *driver) step(ctx context.Context, who *actor, i client.Incident) bool {
	a := client.Action{UUID: d.uuid(), Version: i.Version}
	d.random(func(r *rand.Rand) {
		n := weighted(r, i.Actions, d.odds)
		// What is rare stays so where nothing else is allowed.
		if n >= 0 && r.Float64() < d.odds(i.Actions[n]) {
			a.Action = i.Actions[n]
		}
	})
	if a.Action == "" || !d.fill(ctx, who, &a, i) {
		return false
	}
	if who.phone != nil { // in its turn, after what is queued, perhaps much later
		now := time.Now()
		a.DoneAt = &now
		if !who.phone.finish(i.ID) {
			return false
		}
		who.phone.put(func(ctx context.Context) {
			defer who.phone.over(i.ID)
			d.act(ctx, who, i.ID, a)
		})
		return true
	}
	return d.act(ctx, who, i.ID, a)
}

func (d *driver) odds(action string) float64 {
	if x, ok := d.Odds[action]; ok {
		return x
	}
	return weights[action]
}

// fill says what an action needs to be said.
func (d *driver) fill(ctx context.Context, who *actor, a *client.Action, i client.Incident) bool {
	x := d.chance()
	switch a.Action {
	case "reject":
		a.Opinion = "核实不属实"
	case "refuse_self", "send_back", "give_back":
		a.Opinion = "材料不全,请补充"
	case "send_verify", "send_check":
		if a.Worker = d.worker(i.Grid); a.Worker == "" {
			if a.Action == "send_verify" {
				return false
			}
			a.Action, a.Opinion = "force_close", "处置单位已确认办结" // none of the accounts could look
		}
	case "report_verify":
		if a.Result = "true"; x < 0.1 {
			a.Result = "unknown"
		}
	case "report_check":
		if a.Result = "passed"; x < 0.1 {
			a.Result = "failed"
		}
		if x > 0.5 {
			a.Photos = d.show(ctx, who, "after")
		}
	case "decide", "return":
		if a.Dept = d.dept(i.Dept); a.Dept == "" {
			return false
		}
		a.Opinion = "按职责分工"
	case "ask_suspension":
		until := time.Now().Add(time.Hour)
		a.Until, a.Opinion = &until, "等待材料"
	case "feedback":
		a.Opinion = "已处理"
	case "ask_extension", "refuse_extension", "refuse_suspension", "rework", "force_close", "supervise":
		a.Opinion = "现场情况复杂"
	}
	return true
}

// act sends an action until it is answered: with its UUID it is done once.
func (d *driver) act(ctx context.Context, who *actor, id int64, a client.Action) bool {
	err := d.again(ctx, func(ctx context.Context) error {
		_, err := who.Act(ctx, id, a)
		return err
	})
	var p *client.Problem
	switch {
	case err == nil:
		d.counts.Acted.Add(1)
		if d.Done != nil {
			d.Done(id, a)
		}
	case errors.As(err, &p) && p.Status == http.StatusConflict:
		d.counts.Conflicts.Add(1)
		d.Log.Debug("somebody was faster", "action", a.Action)
	default:
		d.failed(ctx, a.Action, err)
		return false
	}
	return true
}

// dept is a department with an officer among the accounts, another one than
// that if there is one.
func (d *driver) dept(than string) (code string) {
	others := slices.DeleteFunc(slices.Clone(d.depts), func(o string) bool { return o == than })
	if len(others) == 0 {
		others = d.depts
	}
	if len(others) == 0 {
		return ""
	}
	return others[int(d.chance()*float64(len(others)))]
}

// worker is one of the accounts that works in the field, of the grid if there
// is one, "" where none does.
func (d *driver) worker(grid string) string {
	var logins, near []string
	for _, a := range d.actors {
		if a.session.OnDuty {
			logins = append(logins, a.session.Person.Login)
			if d.answersFor(a, grid) {
				near = append(near, a.session.Person.Login)
			}
		}
	}
	if len(near) > 0 {
		logins = near
	}
	if len(logins) == 0 {
		return ""
	}
	return logins[int(d.chance()*float64(len(logins)))]
}

// uuid is a UUID of version 4 (RFC 9562). The seed is mixed with the clock, so
// that a second run makes its own.
func (d *driver) uuid() string {
	var id [16]byte
	d.random(func(r *rand.Rand) { id = newUUID(r) })
	return uuid.UUID(id).String()
}

func newUUID(r *rand.Rand) (id [16]byte) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	now := uint64(time.Now().UnixNano())
	for i := range 6 {
		id[i] ^= byte(now >> (8 * i))
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// failed counts a request that got no good answer, and logs it where the
// driver itself is not being stopped.
func (d *driver) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		d.counts.Failed.Add(1)
		d.Log.Warn(what, "error", err)
	}
}

// answersFor says whether a unit grid is one of a worker's own, or part of one.
func (d *driver) answersFor(who *actor, grid string) bool {
	n := slices.IndexFunc(d.ground, func(a area) bool { return len(a.codes) > 0 && a.codes[0] == grid })
	return n >= 0 && slices.ContainsFunc(d.ground[n].codes, func(c string) bool { return slices.Contains(who.session.Person.Grids, c) })
}
