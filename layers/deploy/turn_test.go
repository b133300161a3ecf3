package deploy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"onemap/layers/deploy"
	"onemap/layers/deploy/roads"
)

// A plan waits for its turn before anything is reckoned: who waits too long is
// told, who leaves leaves.
func TestPlansAreMadeOneAfterAnother(t *testing.T) {
	w := newTown(t)
	w.s.Turn.Wait = time.Millisecond
	w.exec(`TRUNCATE map.road_edge`) // times of travel would be the first to fail
	done, err := w.s.Turn.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	order := deploy.Order{Title: "t", Question: question()}
	if _, _, err := w.s.Make(t.Context(), operator, order); !errors.Is(err, deploy.ErrBusy) {
		t.Errorf("while another plan is made: %v", err)
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	w.s.Turn.Wait = time.Hour
	if _, err := w.s.Turn.Take(left); !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	done()
	if _, _, err := w.s.Make(t.Context(), operator, order); err == nil || errors.Is(err, deploy.ErrBusy) {
		t.Errorf("after it, without roads: %v, want %v", err, roads.ErrNoRoads)
	}
}
