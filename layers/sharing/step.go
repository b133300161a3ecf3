package sharing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers/class"
)

// system is the actor of steps that a rule takes.
const system = "system"

// step is one to be appended.
type step struct {
	request       int64
	at            time.Time
	uuid          uuid.UUID
	actor, org    string
	action        string
	opinion       string
	basis         string
	told          string
	clock         *Clock
	layerGrant    int64
	resourceGrant int64
}

// append writes a step, with the job that looks at its clock.
func (s *Store) append(ctx context.Context, tx pgx.Tx, st step) error {
	var allowed string
	var warn, due *time.Time
	if st.clock != nil {
		allowed, warn, due = st.clock.Allowed.String(), &st.clock.WarnAt, &st.clock.DueAt
	}
	var id int64
	err := tx.QueryRow(ctx, `INSERT INTO onemap.share_step (request, uuid, at, actor, org, action, opinion, basis, told, allowed, warn_at, due_at, layer_grant, resource_grant)
		VALUES (@request, @uuid, @at, @actor, @org, @action, @opinion, @basis, @told, @allowed, @warn, @due, nullif(@layer_grant, 0::bigint), nullif(@resource_grant, 0::bigint)) RETURNING id`,
		pgx.NamedArgs{"request": st.request, "uuid": st.uuid, "at": st.at, "actor": st.actor, "org": st.org, "action": st.action, "opinion": st.opinion, "basis": st.basis,
			"told": st.told, "allowed": allowed, "warn": warn, "due": due, "layer_grant": st.layerGrant, "resource_grant": st.resourceGrant}).Scan(&id)
	if err != nil || warn == nil {
		return err
	}
	return s.lookAt(ctx, tx, clockJob{Request: st.request, Version: id}, *warn)
}

// start starts the clock of a limit, less what the steps before have spent of it.
func (s *Store) start(ctx context.Context, db class.Reader, at time.Time, limit string, before []Step) (*Clock, error) {
	rules, err := s.rules(ctx, db)
	if err != nil {
		return nil, err
	}
	calendar, err := s.Classes.Calendar(ctx, db)
	if err != nil {
		return nil, err
	}
	l := rules.Limits[limit]
	return clock(calendar, at, l, rules.WarnPercent, spent(calendar, before, l.Unit)), nil
}
