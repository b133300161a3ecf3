package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Status is what the other system may know of its case: how far it came,
// whose it is, and what was said at its end. No person is named.
type Status struct {
	Bridge     string
	ExternalID string
	Incident   int64
	Number     string // 案卷号; "" before it is taken in
	State      string
	Open       bool
	ClassZH    string
	ClassEN    string
	Dept       string
	DeptZH     string
	DeptEN     string
	Severity   int
	ReportedAt time.Time
	UpdatedAt  time.Time
	DueAt      *time.Time
	ClosedAt   *time.Time
	Result     string // what the department fed back last, or why it was not taken
	MergedInto *int64
}

// Status returns what became of the other system's case.
func (s *Store) Status(ctx context.Context, by access.Scope, bridge, id string) (Status, error) {
	b, err := s.open(ctx, by, bridge)
	if err != nil {
		return Status{}, err
	}
	return s.status(ctx, b, id)
}

func (s *Store) status(ctx context.Context, b Bridge, id string) (Status, error) {
	var st Status
	if !isID(id) {
		return st, fmt.Errorf("case %q of %s: %w", layers.Short(id), b.Name, layers.ErrNotFound)
	}
	err := s.Layers.DB().QueryRow(ctx, `SELECT i.external_source, i.external_id, i.id, coalesce(i.number, ''), i.state, i.state NOT IN ('closed', 'rejected', 'void', 'merged'),
		coalesce(c.name_zh, ''), coalesce(c.name_en, ''), i.dept_code, coalesce(o.name_zh, ''), coalesce(o.name_en, ''), i.severity,
		i.reported_at, i.updated_at, i.due_at, i.closed_at, i.merged_into,
		coalesce((SELECT f.opinion FROM onemap.incident_flow f WHERE f.incident = i.id AND f.opinion <> ''
			AND f.action IN ('feedback', 'close', 'force_close', 'reject', 'void', 'approve_self') ORDER BY f.id DESC LIMIT 1), '')
		FROM map.incident i
		LEFT JOIN onemap.class c ON c.standard = i.class_standard AND c.kind = i.class_kind AND c.code = i.class_code
		LEFT JOIN onemap.organisation o ON o.code = i.dept_code
		WHERE i.external_source = @bridge AND i.external_id = @id`, pgx.NamedArgs{"bridge": b.Name, "id": id}).
		Scan(&st.Bridge, &st.ExternalID, &st.Incident, &st.Number, &st.State, &st.Open, &st.ClassZH, &st.ClassEN, &st.Dept, &st.DeptZH, &st.DeptEN, &st.Severity,
			&st.ReportedAt, &st.UpdatedAt, &st.DueAt, &st.ClosedAt, &st.MergedInto, &st.Result)
	if errors.Is(err, pgx.ErrNoRows) {
		return Status{}, fmt.Errorf("case %q of %s: %w", layers.Short(id), b.Name, layers.ErrNotFound)
	}
	if err != nil {
		return Status{}, fmt.Errorf("case of %s: %w", b.Name, err)
	}
	return st, nil
}
