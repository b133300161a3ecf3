package drive

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"sync"
	"time"

	"onemap/web/client"
)

// A phone is what a worker sends through: it keeps everything in order while
// there is no signal, as the phone page does.
type phone struct {
	mu     sync.Mutex
	away   bool
	queued []func(context.Context)
	kept   []client.Fix
	done   map[int64]bool // cases whose task is done on the phone, and perhaps not yet sent
	news   chan struct{}  // closed when there is something to do; nil: nobody waits
}

// put queues what is to be sent, after what is queued.
func (p *phone) put(send func(context.Context)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queued = append(p.queued, send)
	p.wake()
}

// finish says whether a case's task was still to do, and is done now; over, that
// what was done was sent, for good or ill.
func (p *phone) finish(id int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done[id] {
		return false
	}
	p.done[id] = true
	return true
}

func (p *phone) over(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.done, id)
}

func (p *phone) wake() {
	if p.news != nil {
		close(p.news)
		p.news = nil
	}
}

// next is what to send now, nil while there is nothing or no signal, and then
// what to wait for.
func (p *phone) next(all bool) (send func(context.Context), news <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queued) > 0 && (all || !p.away) {
		send, p.queued = p.queued[0], p.queued[1:]
		return send, nil
	}
	if p.news == nil {
		p.news = make(chan struct{})
	}
	return nil, p.news
}

func (p *phone) signal(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = !on
	p.wake()
}

func (p *phone) isAway() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.away
}

// queue sends what a worker's phone has queued, one after the other, until ctx
// ends; then what is left is told so.
func (d *driver) queue(ctx context.Context, who *actor) {
	for {
		send, news := who.phone.next(ctx.Err() != nil)
		if send != nil {
			send(ctx)
			continue
		}
		select {
		case <-ctx.Done():
			if send, _ := who.phone.next(true); send == nil {
				return
			} else {
				send(ctx)
			}
		case <-news:
		}
	}
}

// position tells where a worker is, and what the phone kept before.
func (d *driver) position(ctx context.Context, who *actor, p client.Place) {
	ph := who.phone
	if ph.isAway() {
		now := time.Now()
		ph.mu.Lock()
		if len(ph.kept) < 1000 {
			ph.kept = append(ph.kept, client.Fix{Place: p, AccuracyM: 8, At: &now})
		}
		ph.mu.Unlock()
		return
	}
	ph.mu.Lock()
	kept := ph.kept
	ph.kept = nil
	ph.mu.Unlock()
	if kept != nil {
		if err := who.KeptPositions(ctx, kept); err != nil {
			d.failed(ctx, "kept positions", err)
			ph.mu.Lock()
			ph.kept = append(kept, ph.kept...)
			ph.mu.Unlock()
			return
		}
		d.counts.Kept.Add(int64(len(kept)))
		d.counts.Moved.Add(int64(len(kept)))
	}
	if err := who.SetPosition(ctx, p, 8); err != nil {
		d.failed(ctx, "position", err)
		return
	}
	d.counts.Moved.Add(1)
}

// wander loses a worker's signal now and then: half a minute at a time, or as
// much of one as Speed says.
func (d *driver) wander(who *actor) {
	if d.Offline <= 0 {
		return
	}
	mean := 30 / d.Speed // seconds without
	away := who.phone.isAway()
	if !away {
		mean *= (1 - d.Offline) / d.Offline
	}
	if d.chance() < min(1, d.Move.Seconds()/mean) {
		who.phone.signal(away)
		if !away {
			d.counts.Away.Add(1)
		}
	}
}

// photo is a picture of its own, small.
func photo(r *rand.Rand) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			m.Set(x, y, color.RGBA{uint8(r.Uint32()), uint8(x * 4), uint8(y * 5), 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil) // into memory
	return b.Bytes()
}

// show uploads a photo until it is there; nil where that is refused.
func (d *driver) show(ctx context.Context, who *actor, kind string) []client.Shown {
	var b []byte
	d.random(func(r *rand.Rand) { b = photo(r) })
	var id string
	err := d.again(ctx, func(ctx context.Context) (err error) {
		id, err = who.Photo(ctx, "image/jpeg", bytes.NewReader(b))
		return err
	})
	if err != nil {
		d.failed(ctx, "photo", err)
		return nil
	}
	return []client.Shown{{ID: id, Kind: kind}}
}
