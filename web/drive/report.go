package drive

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"onemap/web/client"
)

// report sends reports at the rate, each by a reporter of its own choosing,
// until ctx ends or enough are acknowledged. A slow server does not slow the
// rate down until 64 reports are under way.
func (d *driver) report(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait() // phones come back into signal, and send what they kept
	slots := make(chan struct{}, 64)
	for n := 0; d.Reports == 0 || n < d.Reports; n++ {
		var wait time.Duration
		d.random(func(r *rand.Rand) { wait = time.Duration(r.ExpFloat64() / d.Rate * float64(time.Second)) })
		if !pause(ctx, wait) {
			return
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		who, r := d.draw()
		if who.phone != nil { // it keeps what it cannot send: no slot is held
			<-slots
			under.Add(1)
			who.phone.put(func(ctx context.Context) {
				defer under.Done()
				d.deliver(ctx, who, r)
			})
			continue
		}
		under.Go(func() {
			defer func() { <-slots }()
			d.deliver(ctx, who, r)
		})
	}
}

// deliver sends one report until it is acknowledged.
func (d *driver) deliver(ctx context.Context, who *actor, r client.Report) {
	sent := 0
	var i client.Incident
	switch x := d.chance(); {
	case who.phone == nil || x > 0.3:
	case x < 0.05:
		r.Photos, r.SelfHandled = d.show(ctx, who, "after"), true
		if r.Photos == nil {
			r.SelfHandled = false
		}
	default:
		r.Photos = d.show(ctx, who, "near")
	}
	err := d.again(ctx, func(ctx context.Context) (err error) {
		if sent++; sent > 1 {
			d.counts.Resent.Add(1)
		}
		i, err = who.Report(ctx, r)
		return err
	})
	switch {
	case err == nil:
		d.counts.Reported.Add(1)
		if d.Acknowledged != nil {
			d.Acknowledged(r, i)
		}
	case ctx.Err() == nil:
		d.counts.Failed.Add(1)
		d.Log.Warn("a report was refused", "error", err)
	}
}

type matter struct {
	code   string
	weight float64
	text   string
}

// usual are the matters that are reported most; a list without them is drawn
// from evenly.
var usual = []matter{
	{"09010", 120, "人行道上非机动车乱停放,影响通行"}, {"06010", 95, "路边有暴露垃圾,无人清理"}, {"06036", 88, "楼道口乱堆杂物"},
	{"09009", 70, "车辆停在人行道上"}, {"09005", 36, "店铺将货物摆到门外经营"}, {"06028", 34, "音响声音很大,无法休息"},
	{"06042", 26, "垃圾桶满溢,垃圾掉落在地"}, {"06013", 17, "路面有坑洞"}, {"09012", 15, "消防通道被车辆堵塞"}, {"01002", 6, "污水井盖破损,车辆经过异响"},
	{"01037", 6, "路灯不亮,路口很暗"}, {"02014", 3, "信号灯不亮"}, {"10002", 2, "架空线缆脱落,垂到路面"},
}

// draw makes up a report.
func (d *driver) draw() (who *actor, out client.Report) {
	d.random(func(r *rand.Rand) {
		who = d.reporters[r.IntN(len(d.reporters))]
		id := newUUID(r)
		p := d.ground[weighted(r, d.ground, func(a area) float64 { return math.Sqrt(a.size) })].point(r)
		c, text := d.classes[r.IntN(len(d.classes))], ""
		n := weighted(r, usual, func(u matter) float64 { return u.weight })
		for _, k := range d.classes {
			if k.Code == usual[n].code {
				c, text = k, usual[n].text
				break
			}
		}
		out = client.Report{UUID: uuid.UUID(id).String(), Class: client.ClassRef{Standard: c.Standard, Code: c.Code}, Place: client.WGS84(p[0], p[1]), Description: text}
	})
	return who, out
}

// weighted draws an index in proportion to the weights.
func weighted[T any](r *rand.Rand, of []T, weight func(T) float64) int {
	sum := 0.0
	for _, x := range of {
		sum += weight(x)
	}
	left := r.Float64() * sum
	for i, x := range of {
		if left -= weight(x); left < 0 {
			return i
		}
	}
	return len(of) - 1
}
