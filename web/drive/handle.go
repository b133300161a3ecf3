package drive

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"onemap/web/client"
)

// forward are the steps that move a case on, in the order of preference.
var forward = []string{"register", "file", "dispatch", "accept", "feedback", "send_check", "report_check", "close"}

// The states that the centre, the departments and the workers look at.
const (
	atCentre = "reported,registered,filed,returned,feedback,checked"
	atOffice = "dispatched,handling"
	atPlace  = "checking"
)

// handle looks at the cases in the given states every two seconds and takes
// some of them one step on: the newest wait, as they do on a desk.
func (d *driver) handle(ctx context.Context, who *actor, states string) {
	for pause(ctx, 2*time.Second) {
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

// step does to a case what comes next, if the account may.
func (d *driver) step(ctx context.Context, who *actor, i client.Incident) bool {
	a := client.Action{Version: i.Version}
	for _, f := range forward {
		if slices.Contains(i.Actions, f) {
			a.Action = f
			break
		}
	}
	switch x := d.chance(); {
	case a.Action == "":
		return false
	case a.Action == "register" && x < 0.03 && slices.Contains(i.Actions, "reject"):
		a.Action, a.Opinion = "reject", "核实不属实"
	case a.Action == "send_check":
		if a.Worker = d.worker(); a.Worker == "" { // none of the accounts could look
			a.Action, a.Opinion = "force_close", "处置单位已确认办结"
		}
	case a.Action == "report_check":
		if a.Result = "passed"; x < 0.05 {
			a.Result = "failed"
		}
	case a.Action == "feedback":
		a.Opinion = "已处理"
	}
	// Not sent again: the version says whether it happened.
	_, err := who.Act(ctx, i.ID, a)
	var p *client.Problem
	switch {
	case err == nil:
		d.counts.Acted.Add(1)
	case errors.As(err, &p) && p.Status == http.StatusConflict:
		d.counts.Conflicts.Add(1)
	default:
		d.failed(ctx, a.Action, err)
		return false
	}
	return true
}

// worker is one of the accounts that works in the field, "" where none does.
func (d *driver) worker() string {
	var logins []string
	for _, a := range d.actors {
		if a.session.OnDuty {
			logins = append(logins, a.session.Person.Login)
		}
	}
	if len(logins) == 0 {
		return ""
	}
	return logins[int(d.chance()*float64(len(logins)))]
}

// failed counts a request that got no good answer, and logs it where the
// driver itself is not being stopped.
func (d *driver) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		d.counts.Failed.Add(1)
		d.Log.Warn(what, "error", err)
	}
}
