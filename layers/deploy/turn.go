package deploy

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrBusy: others' plans are searched for, and it takes long. Ask again later.
var ErrBusy = errors.New("other plans are being made: send it again in a few seconds")

// turnWait is how long who asks for a plan waits for their turn: less than a
// request may take.
const turnWait = 10 * time.Second

// A Turn lets one plan at a time be made, of posts or of patrols: a search uses
// the machine, and its times of travel are up to 240 MB. Its zero value is ready;
// a nil one lets all in. It is safe for concurrent use.
type Turn struct {
	Wait time.Duration // 0: 10 s

	once sync.Once
	free chan struct{}
}

// Take waits for the turn; who has it calls done. It returns [ErrBusy] after
// Wait, and what ended ctx.
func (t *Turn) Take(ctx context.Context) (done func(), err error) {
	if t == nil {
		return func() {}, nil
	}
	t.once.Do(func() { t.free = make(chan struct{}, 1) })
	wait := t.Wait
	if wait == 0 {
		wait = turnWait
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late.C:
		return nil, ErrBusy
	}
}
