package city

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// handling is how long departments take, by severity: the median, in hours.
// Times are log-normal, so a few cases take weeks.
var handling = [5]float64{0, 3, 12, 34, 50}

// course writes what became of an incident: report, filing, dispatch,
// acceptance, feedback, closing, with the detours that happen. Steps that lie
// after now have not happened yet.
func (c *City) course(x *Incident, r *rand.Rand) {
	lag := func(median, sigma float64) time.Duration { // minutes
		return time.Duration(median * math.Exp(sigma*r.NormFloat64()) * float64(time.Minute))
	}
	emergency := x.Standard == calls
	t := x.Occurred
	switch x.Source {
	case "worker", "video", "sensor":
		t = t.Add(lag(3, 0.7))
	case "hotline":
		t = t.Add(lag(6, 0.9))
	default:
		t = t.Add(lag(25, 1))
	}
	actor, org := x.Source, "county-"+County
	if x.Reporter != "" {
		actor, org = x.Reporter, "town-"+c.blocks[x.Block].area[:9]
	}
	state := ""
	step := func(at time.Time, who, org, action, to, opinion string) {
		x.Steps = append(x.Steps, Step{at.Truncate(time.Second), who, org, action, state, to, opinion})
		state = to
	}
	step(t, actor, org, "report", "reported", "")
	file, dispatch := lag(14, 0.8), lag(11, 0.8)
	if emergency {
		file, dispatch = lag(1, 0.4), lag(1.2, 0.4)
	} else if h := t.In(Zone).Hour(); h >= 22 || h < 7 {
		file *= 8 // few sit in the centre at night
	}
	t = t.Add(file)
	switch u := r.Float64(); {
	case !emergency && u < 0.035:
		step(t, "centre", "centre", "reject", "rejected", "核实不属实")
	case !emergency && u < 0.045:
		step(t, "centre", "centre", "void", "void", "重复上报")
	default:
		step(t, "centre", "centre", "file", "filed", "")
		t = t.Add(dispatch)
		if !emergency && r.Float64() < 0.04 { // sent to the wrong department first
			step(t, "centre", "centre", "dispatch", "dispatched", "")
			t = t.Add(lag(90, 0.7))
			step(t, x.Dept, x.Dept, "return", "filed", "非本部门职责,退回")
			t = t.Add(lag(20, 0.6))
		}
		step(t, "centre", "centre", "dispatch", "dispatched", "")
		accept, work := lag(45, 0.9), lag(60*handling[x.Severity], 1.05)
		if emergency {
			accept, work = lag(2, 0.5), lag(55, 0.8)
		}
		t = t.Add(accept)
		step(t, x.Dept, x.Dept, "accept", "handling", "")
		t = t.Add(min(work, 25*24*time.Hour))
		step(t, x.Dept, x.Dept, "feedback", "feedback", "已处理")
		if r.Float64() < 0.04 {
			t = t.Add(lag(120, 0.6))
			step(t, "centre", "centre", "rework", "handling", "现场核查未通过")
			t = t.Add(lag(400, 0.8))
			step(t, x.Dept, x.Dept, "feedback", "feedback", "已重新处理")
		}
		t = t.Add(lag(150, 0.9))
		step(t, "centre", "centre", "close", "closed", "")
	}
	x.cutAt(c.Now)
}

// cutAt leaves away what happens after now and sets the state that remains.
func (x *Incident) cutAt(now time.Time) {
	n := 1 // the report itself has come in, at the latest now
	for n < len(x.Steps) && !x.Steps[n].At.After(now) {
		n++
	}
	x.Steps = x.Steps[:n]
	if x.Steps[0].At.After(now) {
		x.Steps[0].At = now.Truncate(time.Second)
	}
	last := x.Steps[n-1]
	x.Reported = x.Steps[0].At
	x.State = last.To
	x.Closed = time.Time{}
	if last.To == "closed" || last.To == "rejected" || last.To == "void" {
		x.Closed = last.At
	}
}

// stillOpen holds back the newest cases, so that the city is found in the
// middle of its work: the last k not yet taken in, the k before them not
// dispatched, the k before those not accepted, and of the 3k before those
// whatever is done is not yet checked.
func (c *City) stillOpen(newest []Incident, k int) {
	n := len(newest)
	for i := range newest {
		x := &newest[i]
		keep := 1 + (n-1-i)/k
		if keep > 3 {
			keep = 1 + slices.IndexFunc(x.Steps, func(s Step) bool { return s.To == "feedback" })
		}
		if keep > 0 && keep < len(x.Steps) {
			x.Steps = x.Steps[:keep]
			if s := x.Steps[keep-1].To; s == "rejected" || s == "void" {
				x.Steps = x.Steps[:1]
			}
			x.cutAt(c.Now)
		}
	}
}
