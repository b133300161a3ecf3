package incident

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/worktime"
)

// Queue is how many open cases stand where, by the caller's right.
type Queue struct {
	Open       Lights       `json:"open"`
	Stages     []StageCount `json:"stages" nullable:"false" doc:"The six stages in their order"`
	Pending    []Count      `json:"pending" nullable:"false" doc:"What departments asked for and nobody answered: extension, suspension, appeal, appeal_second"`
	Waiting    Lights       `json:"waiting" doc:"Those that wait for the caller; list them with waiting=true"`
	Supervised int64        `json:"supervised"`
}

// Lights are how many cases have a clock of which colour.
type Lights struct {
	N      int64 `json:"n"`
	Green  int64 `json:"green"`
	Yellow int64 `json:"yellow"`
	Red    int64 `json:"red"`
	None   int64 `json:"none" doc:"No clock runs"`
}

// A StageCount is a stage with its states.
type StageCount struct {
	Stage string `json:"stage" enum:"collection,filing,dispatch,handling,feedback,closing"`
	Lights
	States []StateCount `json:"states" nullable:"false"`
}

// A StateCount is a state.
type StateCount struct {
	State string `json:"state"`
	Lights
}

func (l *Lights) add(o Lights) {
	l.N += o.N
	l.Green += o.Green
	l.Yellow += o.Yellow
	l.Red += o.Red
	l.None += o.None
}

// Queue counts the open cases that the caller may see, by stage, state and
// light, and those that wait for the caller. Who may not see states and clocks
// gets zeros.
func (s *Store) Queue(ctx context.Context, scope access.Scope, q Query) (Queue, error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Queue{}, err
	}
	out := Queue{Stages: []StageCount{}, Pending: []Count{}}
	counted := map[string]Lights{}
	if slices.Contains(v.right.Fields, "state") && slices.Contains(v.right.Fields, "due_at") && slices.Contains(v.right.Fields, "warn_at") {
		if counted, err = s.countQueue(ctx, v, scope, q, &out); err != nil {
			return Queue{}, access.Wrap("queue", err)
		}
	}
	for _, st := range Stages {
		c := StageCount{Stage: st.Name, States: []StateCount{}}
		for _, state := range st.States {
			c.States = append(c.States, StateCount{state, counted[state]})
			c.add(counted[state])
		}
		out.Stages = append(out.Stages, c)
		out.Open.add(c.Lights)
	}
	return out, nil
}

// countQueue asks once for the open ones, and once for the closed ones of
// which something is asked.
func (s *Store) countQueue(ctx context.Context, v sight, scope access.Scope, q Query, out *Queue) (map[string]Lights, error) {
	var a layers.Args
	cond, err := v.cond(scope, q, &a)
	if err != nil {
		return nil, err
	}
	now := a.Add(v.now)
	light := func(l string) string {
		sql, _ := lightSQL(l, now)
		return sql
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT f.state, f.pending, f.supervised, coalesce(`+v.waiting(scope, &a)+`, false),
			count(*), count(*) FILTER (WHERE `+light(worktime.Green)+`), count(*) FILTER (WHERE `+light(worktime.Yellow)+`),
			count(*) FILTER (WHERE `+light(worktime.Red)+`), count(*) FILTER (WHERE f.due_at IS NULL)
		FROM map.incident f WHERE (`+openSQL+` OR f.pending <> '') AND `+cond+` GROUP BY 1, 2, 3, 4`, a...)
	if err != nil {
		return nil, err
	}
	counted, pending := map[string]Lights{}, map[string]int64{}
	var state, asked string
	var supervised, waiting bool
	var l Lights
	_, err = pgx.ForEachRow(rows, []any{&state, &asked, &supervised, &waiting, &l.N, &l.Green, &l.Yellow, &l.Red, &l.None}, func() error {
		if asked != "" {
			pending[asked] += l.N
		}
		if waiting {
			out.Waiting.add(l)
		}
		if ended(state) {
			return nil
		}
		if supervised {
			out.Supervised += l.N
		}
		c := counted[state]
		c.add(l)
		counted[state] = c
		return nil
	})
	out.Pending = counts(pending)
	return counted, err
}
