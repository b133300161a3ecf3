package city

import (
	"math"
	"math/rand/v2"
	"time"
)

// handling is how long departments take where no limit is known, by severity:
// the median, in hours. Times are log-normal, so a few cases take weeks.
var handling = [5]float64{0, 3, 12, 34, 50}

// A walk writes what became of one incident, step by step.
type walk struct {
	c         *City
	x         *Incident
	r         *rand.Rand
	t         time.Time
	worker    Worker // of the place; Login "" where nobody answers for it
	emergency bool
	state     string
	with      string // the department that it is with
}

// course writes what became of an incident: report, verification, filing,
// dispatch, handling, check, closing, with the detours that happen. Each step
// is one that the table of transitions has. Steps that lie after now have not
// happened yet.
func (c *City) course(x *Incident, worker Worker, r *rand.Rand) {
	w := &walk{c: c, x: x, r: r, t: x.Occurred, worker: worker, emergency: x.Standard == calls, with: x.Dept}
	w.collect()
	x.all = x.Steps
	x.cutAt(c.Now)
}

// after lets time pass: log-normal, the median in minutes. At night few sit in
// the centre; emergencies do not wait for anybody.
func (w *walk) after(median, sigma float64) {
	if w.emergency {
		median = min(median, 1.5)
	}
	w.t = w.t.Add(time.Duration(median * math.Exp(sigma*w.r.NormFloat64()) * float64(time.Minute)))
}

// in the centre it is quieter at night.
func (w *walk) centre(median float64) {
	if h := w.t.In(Zone).Hour(); h >= 22 || h < 7 {
		median *= 2.5
	}
	w.after(median, 0.6)
}

func (w *walk) happens(p float64) bool { return w.r.Float64() < p }

// step writes one; "" as to stays in the state.
func (w *walk) step(post, actor, org, action, to string) *Step {
	if to == "" {
		to = w.state
	}
	w.x.Steps = append(w.x.Steps, Step{At: w.t.Truncate(time.Second), Post: post, Actor: actor, Org: org, Action: action, From: w.state, To: to, Dept: w.with})
	w.state = to
	return &w.x.Steps[len(w.x.Steps)-1]
}

func (w *walk) acceptor(action, to string) *Step {
	return w.step("acceptor", "acceptor", "centre", action, to)
}

func (w *walk) leader(action, to string) *Step {
	return w.step("shift_leader", "leader", "centre", action, to)
}

func (w *walk) dispatcher(action, to string) *Step {
	return w.step("dispatcher", "dispatcher", "centre", action, to)
}

func (w *walk) officer(action, to string) *Step {
	return w.step("department_officer", w.with, w.with, action, to)
}

func (w *walk) inField(action, to, result string) {
	s := w.step("grid_worker", w.worker.Login, w.worker.Org, action, to)
	s.Result = result
}

// collect is 信息收集.
func (w *walk) collect() {
	switch w.x.Source {
	case "worker", "video", "sensor":
		w.after(3, 0.7)
	case "hotline":
		w.after(6, 0.9)
	default:
		w.after(25, 1)
	}
	first := "reported"
	if w.x.Reporter != "" {
		if w.happens(0.06) {
			first = "self_handled"
		}
		w.step("grid_worker", w.x.Reporter, "town-"+w.c.blocks[w.x.Block].area[:9], "report", first)
	} else {
		w.step("reporter", w.x.Source, "county-"+County, "report", first)
	}
	if first == "self_handled" {
		w.centre(60)
		if w.happens(0.94) {
			w.acceptor("approve_self", "closed")
			return
		}
		w.acceptor("refuse_self", "reported").Opinion = "照片看不出已处理"
	}
	told := w.x.Source == "public" || w.x.Source == "hotline"
	if told && !w.emergency && w.worker.Login != "" && w.happens(0.4) {
		w.centre(9)
		w.acceptor("send_verify", "verifying").Worker = w.worker.Login
		w.after(50, 0.8)
		if w.happens(0.07) {
			w.inField("report_verify", "reported", "false")
			w.centre(8)
			w.acceptor("reject", "rejected").Opinion = "核实不属实"
			return
		}
		w.inField("report_verify", "reported", "true")
	}
	w.centre(11)
	if !w.emergency && w.happens(0.015) {
		w.acceptor("reject", "rejected").Opinion = "不属于受理范围"
		return
	}
	w.acceptor("register", "registered")
	w.centre(9)
	if !w.emergency && w.happens(0.012) {
		w.leader("void", "void").Opinion = "重复上报"
		return
	}
	w.leader("file", "filed")
	w.dispatch()
}

// dispatch is 任务派遣: now and then to the wrong department first.
func (w *walk) dispatch() {
	right := w.x.Dept
	if !w.emergency && w.happens(0.04) {
		w.with = w.other(right)
		w.centre(8)
		w.dispatcher("dispatch", "dispatched")
		w.after(90, 0.7)
		if w.happens(0.1) { // both say that it is the other's
			third := w.other(w.with)
			w.giveBack("returned", third)
			w.centre(10)
			w.with = third
			w.dispatcher("dispatch", "dispatched")
			w.after(60, 0.7)
			w.giveBack("disputed", right)
			w.after(45, 0.7)
			w.with = right
			w.step("command_centre", "centre", "centre", "decide", "dispatched").Opinion = "按权责清单确定"
			w.handle()
			return
		}
		w.giveBack("returned", right)
	}
	w.centre(8)
	w.with = right
	w.dispatcher("dispatch", "dispatched")
	w.handle()
}

func (w *walk) giveBack(to, blame string) {
	s := w.officer("return", to)
	s.Opinion, s.Blame = "非本部门职责,退回", blame
}

// other is a department that the case is not of.
func (w *walk) other(than string) string {
	for _, d := range []string{"urban", "transport", "police", "housing"} {
		if d != than && d != w.x.Dept {
			return d
		}
	}
	return than
}

// handle is 任务处理, and the check after it.
func (w *walk) handle() {
	began := w.t.Truncate(time.Second)
	span := time.Duration(60 * handling[w.x.Severity] * float64(time.Minute) * 2.2)
	limited := false
	if w.c.Due != nil {
		var due time.Time
		if due, limited = w.c.Due(w.x.Standard, w.x.Class, w.c.blocks[w.x.Block].class, began); limited {
			span = due.Sub(began)
		}
	}
	if w.emergency {
		span = 2 * time.Hour
	}
	part := func(f float64) { w.t = began.Add(time.Duration(f * float64(span))) }
	accepted := min(0.3, 0.06*math.Exp(0.6*w.r.NormFloat64()))
	part(accepted)
	w.officer("accept", "handling")
	work := min(0.42*math.Exp(0.55*w.r.NormFloat64()), 6) // of the limit: one in sixteen takes more than there is
	switch {
	case limited && w.happens(0.02):
		part(0.45)
		until := w.t.Add(time.Duration(3+w.r.IntN(18)) * 24 * time.Hour).Truncate(time.Second)
		s := w.officer("ask_suspension", "")
		s.Opinion, s.Until = "需采购材料,申请挂账", until
		if w.centre(20); w.t.Before(began.Add(span * 9 / 10)) {
			w.dispatcher("grant_suspension", "suspended").Until = until
			w.t = until
			w.step("system", "system", "", "resume", "handling")
			w.t = w.t.Add(span / 4)
		} else {
			w.dispatcher("refuse_suspension", "").Opinion = "时间充足"
			w.t = w.t.Add(span / 20)
		}
	case limited && w.happens(0.03):
		part(0.7)
		w.officer("ask_extension", "").Opinion = "工程量大,申请延时"
		w.centre(15)
		w.dispatcher("grant_extension", "")
		w.t = later(w.t, began.Add(time.Duration((0.9+0.5*work)*float64(span))))
	default:
		w.t = later(w.t.Add(time.Minute), began.Add(time.Duration(work*float64(span))))
	}
	w.officer("feedback", "feedback").Opinion = "已处理"
	w.check()
}

// check is 核查结案. Where nobody answers for the place, or a call was for the
// police or the fire brigade, the shift leader closes it.
func (w *walk) check() {
	if w.worker.Login == "" || w.emergency {
		w.centre(20)
		w.leader("force_close", "closed").Opinion = "处置单位已确认办结"
		return
	}
	w.centre(9)
	w.acceptor("send_check", "checking").Worker = w.worker.Login
	w.after(48, 0.7)
	if w.happens(0.045) {
		w.inField("report_check", "feedback", "failed")
		w.centre(9)
		w.dispatcher("rework", "handling").Opinion = "现场核查未通过"
		w.after(300, 0.7)
		w.officer("feedback", "feedback").Opinion = "已重新处理"
		w.centre(9)
		w.acceptor("send_check", "checking").Worker = w.worker.Login
		w.after(48, 0.7)
	}
	w.inField("report_check", "checked", "passed")
	w.centre(10)
	w.leader("close", "closed")
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
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
	x.Dept = last.Dept
	x.Closed = time.Time{}
	if last.To == "closed" || last.To == "rejected" || last.To == "void" {
		x.Closed = last.At
	}
}

// ages are how long the open cases of the demonstration have been where they
// are, as parts of the time that they have: each colour of clock is seen.
var ages = []float64{0.1, 0.55, 0.85, 0.3, 1.25, 0.7, 0.92, 0.2, 0.5, 1.6}

// stillOpen holds back the newest cases, so that the city is found in the
// middle of its work: the last k not yet taken in, the k before them waiting
// to be filed, then to be dispatched, to be accepted, being handled (2k), fed
// back, being checked, and waiting to be closed. Their steps are moved so that
// their clocks are green, yellow and red.
func (c *City) stillOpen(newest []Incident, k int) {
	stops := []string{"reported", "registered", "filed", "dispatched", "handling", "handling", "feedback", "checking", "checked"}
	n := len(newest)
	for i := range newest {
		x := &newest[i]
		back := n - 1 - i
		if back/k >= len(stops) {
			continue
		}
		x.stopAt(stops[back/k], c, ages[back%len(ages)])
	}
}

// stopAt cuts the course where it first comes to a state, and moves it so that
// it has been there for that part of its time. A case that never was there
// goes back to its report.
func (x *Incident) stopAt(state string, c *City, age float64) {
	if len(x.all) == 0 {
		return
	}
	keep := 1
	for i, s := range x.all {
		if s.To == "self_handled" {
			break
		}
		if s.To == state {
			keep = i + 1
			break
		}
	}
	x.Steps = x.all[:keep]
	last := x.Steps[keep-1]
	allowed := 30 * time.Minute
	began := last.At
	switch last.To {
	case "checking":
		allowed = 2 * time.Hour
	case "verifying", "self_handled":
		allowed = 24 * time.Hour
	case "dispatched", "handling":
		for _, s := range x.Steps {
			if s.To == "dispatched" {
				began = s.At
			}
		}
		allowed = time.Duration(60 * handling[x.Severity] * float64(time.Minute))
		if c.Due != nil {
			if due, ok := c.Due(x.Standard, x.Class, c.blocks[x.Block].class, c.Now.Add(-24*time.Hour)); ok {
				allowed = due.Sub(c.Now.Add(-24 * time.Hour))
			}
		}
	}
	// Not before it occurred: who is in the middle of the work has it from today or the days before.
	shift := c.Now.Add(-time.Duration(age * float64(allowed))).Sub(began)
	if first := x.Steps[0].At.Add(shift); first.Before(x.Occurred) {
		shift += x.Occurred.Sub(first)
	}
	for i := range x.Steps {
		x.Steps[i].At = x.Steps[i].At.Add(shift).Truncate(time.Second)
	}
	for i := len(x.Steps) - 1; i >= 0; i-- { // what came after the clock's start happened by now
		if x.Steps[i].At.After(c.Now) {
			x.Steps[i].At = c.Now.Truncate(time.Second)
		}
	}
	x.cutAt(c.Now)
}
