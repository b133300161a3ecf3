package hook

import (
	"context"
	"log/slog"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
	"onemap/layers/jobs"
	"onemap/layers/vault"
)

// Store keeps webhooks and sends their deliveries. Its methods are safe for
// concurrent use.
type Store struct {
	Layers    *layers.Store
	Directory *access.Directory
	Incidents *incident.Store
	Jobs      *jobs.Queue
	Keys      *vault.Keys  // seal the secrets that deliveries are signed with; nil: they stand as they are
	Log       *slog.Logger // nil: slog's default

	// Post sends a body to an address outside and returns what was answered; it
	// refuses addresses inside (web/outbound). An error is what one may tell
	// whoever looks after the webhook.
	Post func(ctx context.Context, url string, header map[string]string, body []byte) (Answer, error)
	// CheckURL says, as a [layers.InputError] of the field url, why an address
	// could never be posted to.
	CheckURL func(url string) error
	// Retry is how long to wait after so many attempts; nil: see retry.
	Retry func(attempt int) time.Duration
}

// Answer is what a receiver said.
type Answer struct {
	Status     int
	RetryAfter time.Duration // 0: it did not say
}

// Work makes the store's jobs known to the queue: before the queue runs.
func (s *Store) Work() {
	wait := s.Retry
	if wait == nil {
		wait = retry
	}
	jobs.Handle(s.Jobs, time.Minute, nil, s.fanOut)
	jobs.Handle(s.Jobs, 30*time.Second, wait, s.deliver)
	jobs.Handle(s.Jobs, 5*time.Minute, nil, s.sweep)
	s.Jobs.Every(6*time.Hour, sweepJob{})
}

func (s *Store) log() *slog.Logger {
	if s.Log == nil {
		return slog.Default()
	}
	return s.Log
}
