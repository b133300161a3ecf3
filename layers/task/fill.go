package task

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/hazard"
	"onemap/layers/incident"
)

func replaceNear(here string) string { return strings.ReplaceAll(selectSQL, "@near", here) }

// fill reads what tasks are about: cases, enterprises, hazards, points, photos.
func fill(ctx context.Context, db querier, tasks []row) error {
	var cases, firms, hazards, patrols, all []int64
	for _, t := range tasks {
		all = append(all, t.ID)
		if t.incident != 0 {
			cases = append(cases, t.incident)
		}
		if t.enterprise != 0 {
			firms = append(firms, t.enterprise)
		}
		if t.hazard != 0 {
			hazards = append(hazards, t.hazard)
		}
		if t.Kind == Patrol {
			patrols = append(patrols, t.ID)
		}
	}
	ofCase, err := byID(ctx, db, cases, casesSQL, func(r pgx.CollectableRow) (id int64, c TaskCase, err error) {
		var photos []byte
		err = r.Scan(&c.ID, &c.Number, &c.Standard, &c.Class, &c.ClassZH, &c.ClassEN, &c.Severity, &c.State, &c.Description, &c.Place, &c.OccurredAt, &photos)
		c.Photos = []incident.Shown{}
		if err == nil && photos != nil {
			err = json.Unmarshal(photos, &c.Photos)
		}
		return c.ID, c, err
	})
	if err != nil {
		return fmt.Errorf("cases of tasks: %w", err)
	}
	ofFirm, err := byID(ctx, db, firms, firmsSQL, func(r pgx.CollectableRow) (id int64, e TaskEnterprise, err error) {
		err = r.Scan(&e.ID, &e.Name, &e.Address, &e.Industry, &e.Risk, &e.State, &e.LastInspected, &e.NextDue, &e.OpenHazards)
		return e.ID, e, err
	})
	if err != nil {
		return fmt.Errorf("enterprises of tasks: %w", err)
	}
	ofHazard, err := byID(ctx, db, hazards, hazardsSQL, func(r pgx.CollectableRow) (id int64, h TaskHazard, err error) {
		var photos []byte
		err = r.Scan(&h.ID, &h.Level, &h.State, &h.Title, &h.Description, &h.Place, &h.Measure, &photos)
		h.Photos = []hazard.HazardPhoto{}
		if err == nil && photos != nil {
			err = json.Unmarshal(photos, &h.Photos)
		}
		return h.ID, h, err
	})
	if err != nil {
		return fmt.Errorf("hazards of tasks: %w", err)
	}
	points, err := lists(ctx, db, patrols, pointsSQL, func(r pgx.CollectableRow) (id int64, p PatrolPoint, err error) {
		var client *string
		err = r.Scan(&id, &p.N, &p.Title, &p.Lon, &p.Lat, &p.NearM, &p.VisitedAt, &p.VisitedBy, &p.DistanceM, &p.Skipped, &p.Note, &client, &p.Explore, &p.PlannedAt, &p.StayMin)
		if client != nil {
			if at, bad := time.Parse(time.RFC3339Nano, *client); bad == nil {
				p.ClientAt = &at
			}
		}
		p.Far = p.DistanceM != nil && *p.DistanceM > p.NearM
		return id, p, err
	})
	if err != nil {
		return fmt.Errorf("points of patrols: %w", err)
	}
	photos, err := lists(ctx, db, all, `SELECT task, photo, kind, subject FROM onemap.task_photo WHERE task = ANY($1) ORDER BY task, position`,
		func(r pgx.CollectableRow) (id int64, p TaskPhoto, err error) {
			err = r.Scan(&id, &p.ID, &p.Kind, &p.Subject)
			return id, p, err
		})
	if err != nil {
		return fmt.Errorf("photos of tasks: %w", err)
	}
	for i := range tasks {
		t := &tasks[i]
		if c, ok := ofCase[t.incident]; ok {
			t.Incident = &c
		}
		if e, ok := ofFirm[t.enterprise]; ok {
			t.Enterprise = &e
		}
		if h, ok := ofHazard[t.hazard]; ok {
			t.Hazard = &h
		}
		t.Points, t.Photos = points[t.ID], photos[t.ID]
	}
	return nil
}

const casesSQL = `SELECT f.id, coalesce(f.number, ''), f.class_standard, f.class_code, coalesce(c.name_zh, ''), coalesce(c.name_en, ''), f.severity, f.state, f.description, f.place, f.occurred_at,
	(SELECT json_agg(json_build_object('id', photo, 'kind', kind) ORDER BY position) FROM onemap.incident_photo WHERE incident = f.id)
	FROM map.incident f LEFT JOIN onemap.class c ON c.standard = f.class_standard AND c.kind = f.class_kind AND c.code = f.class_code WHERE f.id = ANY($1)`

const firmsSQL = `SELECT f.id, f.name, f.address, f.industry, f.risk, f.state, coalesce(f.last_inspected_on::text, ''), coalesce(f.next_due_on::text, ''),
	(SELECT count(*) FROM map.hazard h WHERE h.enterprise = f.id AND h.state NOT IN ('closed', 'void'))
	FROM map.enterprise f WHERE f.id = ANY($1)`

const hazardsSQL = `SELECT f.id, f.level, f.state, f.title, f.description, f.place, coalesce(p.measure, ''),
	(SELECT json_agg(json_build_object('id', photo, 'kind', kind, 'step', coalesce(step, 0)) ORDER BY position) FROM onemap.hazard_photo WHERE hazard = f.id)
	FROM map.hazard f LEFT JOIN onemap.hazard_plan p ON p.hazard = f.id WHERE f.id = ANY($1)`

const pointsSQL = `SELECT task, n, title, ST_X(geom), ST_Y(geom), near_m, visited_at, coalesce(visited_by, ''), distance_m, skipped, note, detail ->> 'client_at', explore, planned_at, round(stay_s / 60.0)::int
	FROM onemap.task_point WHERE task = ANY($1) ORDER BY task, n`

// byID reads one thing for each id.
func byID[T any](ctx context.Context, db querier, ids []int64, sql string, scan func(pgx.CollectableRow) (int64, T, error)) (map[int64]T, error) {
	all, err := lists(ctx, db, ids, sql, scan)
	out := make(map[int64]T, len(all))
	for id, ts := range all {
		out[id] = ts[0]
	}
	return out, err
}

// lists reads the things of each id, in their order.
func lists[T any](ctx context.Context, db querier, ids []int64, sql string, scan func(pgx.CollectableRow) (int64, T, error)) (map[int64][]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := db.Query(ctx, sql, ids)
	if err != nil {
		return nil, err
	}
	out := map[int64][]T{}
	_, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (struct{}, error) {
		id, t, err := scan(r)
		out[id] = append(out[id], t)
		return struct{}{}, err
	})
	return out, err
}

// answers reads what was answered on a visit.
func answers(ctx context.Context, db querier, t *row) error {
	if t.Kind != Visit || t.State != "done" {
		return nil
	}
	found, err := lists(ctx, db, []int64{t.ID}, `SELECT a.task, a.item, a.value, a.note, a.failed, coalesce(a.hazard, 0) FROM onemap.task_answer a
		LEFT JOIN onemap.checklist_item i ON i.checklist = (SELECT checklist FROM onemap.task WHERE id = a.task) AND i.version = (SELECT checklist_version FROM onemap.task WHERE id = a.task) AND i.code = a.item
		WHERE a.task = ANY($1) ORDER BY i.position, a.item`,
		func(r pgx.CollectableRow) (id int64, a VisitAnswer, err error) {
			err = r.Scan(&id, &a.Item, &a.Value, &a.Note, &a.Failed, &a.Hazard)
			return id, a, err
		})
	if err != nil {
		return fmt.Errorf("answers of task %d: %w", t.ID, err)
	}
	t.Answers = found[t.ID]
	for i := range t.Answers {
		for _, p := range t.Photos {
			if p.Subject == t.Answers[i].Item {
				t.Answers[i].Photos = append(t.Answers[i].Photos, p)
			}
		}
	}
	return nil
}
