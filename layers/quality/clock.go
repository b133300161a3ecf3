package quality

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers/jobs"
)

// A clockJob looks at a correction when its clock has come to a mark: 1, the
// provider is reminded; 2, the limit is over; 3, silence lasts twice as long.
type clockJob struct {
	Correction int64 `json:"correction"`
	Step       int64 `json:"step"` // that started the clock
	Level      int   `json:"level"`
}

func (clockJob) Kind() string { return "correction_clock" }

// levels are the steps that the marks leave.
var levels = map[int]string{1: "remind", 2: "overdue", 3: "escalate"}

// Work makes the store's jobs known to the queue: before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, time.Minute, nil, func(ctx context.Context, j *river.Job[clockJob]) error { return s.tick(ctx, j.Args) })
	jobs.Handle(s.Jobs, nightTime, nil, func(ctx context.Context, j *river.Job[layerJob]) error { return s.night(ctx, j.Args.Layer) })
	jobs.Handle(s.Jobs, time.Minute, nil, func(ctx context.Context, _ *river.Job[nightJob]) error { return s.dusk(ctx, "") })
	s.Jobs.Every(10*time.Minute, nightJob{})
}

// tick notes a mark, if the clock still runs and nobody noted it: done twice,
// it is noted once.
func (s *Store) tick(ctx context.Context, j clockJob) error {
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.correction WHERE id = $1 FOR UPDATE`, j.Correction); err != nil {
			return err
		}
		var runs bool
		err := tx.QueryRow(ctx, `SELECT coalesce((SELECT n.state IN ('asked', 'accepted') FROM onemap.correction_now n WHERE n.id = @id), false)
			AND NOT EXISTS (SELECT FROM onemap.correction_step s WHERE s.correction = @id AND s.id > @step AND (s.action = @action OR s.action IN ('answer', 'overrule')))`,
			pgx.NamedArgs{"id": j.Correction, "step": j.Step, "action": levels[j.Level]}).Scan(&runs)
		if err != nil || !runs {
			return err
		}
		return s.step(ctx, tx, j.Correction, step{UUID: uuid.New(), Login: "system", Action: levels[j.Level]})
	})
	if err != nil {
		return fmt.Errorf("clock of correction %d: %w", j.Correction, err)
	}
	return nil
}
