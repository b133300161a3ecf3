package task

import (
	"context"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

func (s *Store) List(ctx context.Context, scope access.Scope, q Query) (found []Task, next string, err error) {
	return nil, "", nil
}
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Task, error) {
	return Task{}, layers.ErrNotFound
}
func (s *Store) Create(ctx context.Context, scope access.Scope, d Draft) (t Task, at feed.Cursor, again bool, err error) {
	return t, at, false, layers.ErrNotFound
}
func (s *Store) Finish(ctx context.Context, scope access.Scope, id int64, r Result) (t Task, at feed.Cursor, again bool, err error) {
	return t, at, false, layers.ErrNotFound
}
func (s *Store) VisitPoint(ctx context.Context, scope access.Scope, id int64, v PointVisit) (t Task, at feed.Cursor, again bool, err error) {
	return t, at, false, layers.ErrNotFound
}
func (s *Store) Change(ctx context.Context, scope access.Scope, id int64, c Change) (Task, feed.Cursor, error) {
	return Task{}, feed.Cursor{}, layers.ErrNotFound
}
func (s *Store) Schedules(ctx context.Context, scope access.Scope) ([]PatrolSchedule, error) {
	return nil, nil
}
func (s *Store) CreateSchedule(ctx context.Context, scope access.Scope, d ScheduleDraft) (PatrolSchedule, error) {
	return PatrolSchedule{}, layers.ErrNotFound
}
func (s *Store) EndSchedule(ctx context.Context, scope access.Scope, id int64, address string) error {
	return layers.ErrNotFound
}
func (s *Store) Checklists(ctx context.Context, all bool) ([]Checklist, error) { return nil, nil }
func (s *Store) Checklist(ctx context.Context, code string, version int) (Checklist, error) {
	return Checklist{}, layers.ErrNotFound
}
func (s *Store) PutChecklist(ctx context.Context, scope access.Scope, c Checklist, address string) (Checklist, error) {
	return Checklist{}, layers.ErrNotFound
}
func (s *Store) Pack(ctx context.Context, scope access.Scope) (Pack, error) { return Pack{}, nil }
func (s *Store) Assets(ctx context.Context, scope access.Scope, after int64, limit int) (PackAssets, error) {
	return PackAssets{}, nil
}
func (s *Store) AssetByCode(ctx context.Context, scope access.Scope, code string) ([]Asset, error) {
	return nil, nil
}
