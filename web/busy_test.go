package web

import (
	"fmt"
	"strings"
	"testing"

	"onemap/layers/forecast"
	"onemap/layers/position"
)

// Who hands in more positions than can be written is told to come again, and
// when; what went wrong inside stays inside.
func TestBusyIsToldWhen(t *testing.T) {
	p := problemOf(fmt.Errorf("secret: %w", position.ErrBusy))
	if p.Status != 503 || p.Type != "/problems/busy" || p.headers().Get("Retry-After") != "3" || !strings.Contains(p.Detail, "again in a few seconds") || strings.Contains(p.Detail, "secret") {
		t.Errorf("%+v %v", p, p.headers())
	}
}

// So is who asks for a forecast to be made again while another is.
func TestBusyMakingAgain(t *testing.T) {
	p := problemOf(fmt.Errorf("secret: %w", forecast.ErrBusy))
	if p.Status != 503 || p.Type != "/problems/busy" || p.headers().Get("Retry-After") != "31" || !strings.Contains(p.Detail, "half a minute") || strings.Contains(p.Detail, "secret") {
		t.Errorf("%+v %v", p, p.headers())
	}
}
