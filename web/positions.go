package web

import (
	"context"
	"fmt"
	"time"

	"onemap/layers/access"
	"onemap/layers/position"
)

type positionInput struct {
	Request
	Body struct {
		FixBody
		Since *time.Time `json:"on_duty_since,omitempty" doc:"When I went on duty, where that was without signal: within the last 24 hours. Left out: with my first position"`
	}
}

// A FixBody is one position as a device sends it.
type FixBody struct {
	PlaceBody
	AccuracyM float64    `json:"accuracy_m,omitempty" minimum:"0" maximum:"1000000" doc:"Metres, as the device says; 0 or left out: not known, and fences take it for 30"`
	At        *time.Time `json:"at,omitempty" doc:"When I was there, by the device's clock; left out: now. More than ten minutes ahead of the server is refused"`
}

func (b FixBody) fix() position.Fix {
	f := position.Fix{Place: b.place(), AccuracyM: b.AccuracyM}
	if b.At != nil {
		f.At = *b.At
	}
	return f
}

// takenBody says what became of a worker's positions. It is sent when they are
// committed: none of them can be lost after it.
type takenBody struct {
	Cursor   string     `json:"cursor" doc:"The place in the log that holds them"`
	OnDuty   bool       `json:"on_duty" doc:"The worker is on the map, where those who may see staff on duty see them"`
	Since    *time.Time `json:"on_duty_since,omitempty"`
	Grid     string     `json:"grid_code" doc:"Of the place on the map; empty outside of all grids"`
	Latest   bool       `json:"latest" doc:"One of them is now the place on the map"`
	Late     int        `json:"late" doc:"How many were older than the place on the map, and are in the history alone"`
	Refused  int        `json:"refused" doc:"How many were not kept: their time lies in no duty"`
	Entered  []string   `json:"entered,omitempty" doc:"Fences, by name"`
	Left     []string   `json:"left,omitempty"`
	KeepDays int        `json:"keep_days" doc:"How many days positions are kept"`
}

func (s *Server) taken(ctx context.Context, t position.Taken) takenBody {
	b := takenBody{Cursor: t.Cursor.String(), OnDuty: t.OnDuty, Grid: t.Grid, Latest: t.Latest, Late: t.Late, Refused: t.Refused,
		Entered: t.Entered, Left: t.Left, KeepDays: s.Positions.KeepDays(ctx)}
	if t.OnDuty {
		b.Since = &t.Since
	}
	return b
}

type positionOutput struct {
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   takenBody
}

func (s *Server) setPosition(ctx context.Context, in *positionInput) (*positionOutput, error) {
	t, err := s.Positions.Put(ctx, scopeOf(ctx), clientAddress(in.r), []position.Fix{in.Body.fix()}, true, orZero(in.Body.Since))
	if err != nil {
		return nil, err
	}
	return &positionOutput{t.Cursor.String(), s.taken(ctx, t)}, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

type positionsInput struct {
	Request
	Body struct {
		Since     *time.Time `json:"on_duty_since,omitempty" doc:"I am on duty since then; left out: only those are kept whose time lies in a duty that the server knows of"`
		Positions []struct {
			FixBody
			Login string `json:"login,omitempty" maxLength:"63" doc:"For gateways: whose it is"`
		} `json:"positions" minItems:"1" maxItems:"1000" nullable:"false"`
	}
}

type positionsOutput struct {
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   struct {
		Cursor  string               `json:"cursor,omitempty"`
		Workers map[string]takenBody `json:"workers" doc:"What became of the positions of each worker, by login"`
	}
}

// setPositions takes a worker's own, kept while there was no signal, or those
// of many workers from a gateway.
func (s *Server) setPositions(ctx context.Context, in *positionsInput) (*positionsOutput, error) {
	scope := scopeOf(ctx)
	who, _ := scope.Person()
	var own []position.Fix
	var others []position.Of
	for i, p := range in.Body.Positions {
		switch {
		case p.Login == "" || p.Login == who.Login && !scope.Has(access.Gateway):
			own = append(own, p.fix())
		case !scope.Has(access.Gateway):
			return nil, fmt.Errorf("positions of others are handed in by gateways: %w", access.ErrForbidden)
		default:
			others = append(others, position.Of{Login: p.Login, Fix: p.fix()})
		}
		if len(own) > 0 && len(others) > 0 {
			return nil, inputError(fmt.Sprintf("positions[%d].login", i), p.Login, "for all of them or for none")
		}
	}
	out := &positionsOutput{}
	out.Body.Workers = map[string]takenBody{}
	if others != nil {
		all, err := s.Positions.PutFor(ctx, scope, clientAddress(in.r), others)
		if err != nil {
			return nil, err
		}
		for login, t := range all {
			out.Body.Workers[login] = s.taken(ctx, t)
			out.Cursor = t.Cursor.String()
		}
	} else {
		t, err := s.Positions.Put(ctx, scope, clientAddress(in.r), own, in.Body.Since != nil, orZero(in.Body.Since))
		if err != nil {
			return nil, err
		}
		out.Body.Workers[who.Login] = s.taken(ctx, t)
		out.Cursor = t.Cursor.String()
	}
	out.Body.Cursor = out.Cursor
	return out, nil
}

type offDutyInput struct {
	Request
	At time.Time `query:"at" doc:"When I went off duty, where that was without signal; positions after it are deleted. Left out: now"`
}

func (s *Server) offDuty(ctx context.Context, in *offDutyInput) (*cursorOutput, error) {
	at, err := s.Positions.OffDuty(ctx, scopeOf(ctx), clientAddress(in.r), in.At)
	if err != nil {
		return nil, err
	}
	return &cursorOutput{at.String()}, nil
}

type historyInput struct {
	Request
	Login  string    `query:"login" maxLength:"63" doc:"Whose; left out: mine"`
	From   time.Time `query:"from" doc:"Left out: a day before to"`
	To     time.Time `query:"to" doc:"Left out: now"`
	Reason string    `query:"reason" maxLength:"500" doc:"Why I need to know; needed for others. It is audited, and the worker is shown it"`
}

type historyOutput struct{ Body position.History }

func (s *Server) positionHistory(ctx context.Context, in *historyInput) (*historyOutput, error) {
	h, err := s.Positions.History(ctx, scopeOf(ctx), position.Ask{Login: in.Login, From: in.From, To: in.To, Reason: in.Reason, Address: clientAddress(in.r)})
	if err != nil {
		return nil, err
	}
	return &historyOutput{h}, nil
}
