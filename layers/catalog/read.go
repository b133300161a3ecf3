package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Get returns the resource of a code, as the caller may see it. It returns an
// error wrapping [layers.ErrNotFound] if there is none, or none that the caller
// may know of.
func (s *Store) Get(ctx context.Context, by access.Scope, code string) (Resource, error) {
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Resource{}, err
	}
	return s.get(ctx, s.Layers.DB(), v, `r.code = @code`, pgx.NamedArgs{"code": code}, fmt.Sprintf("resource %q", layers.Short(code)))
}

// GetByID returns the resource of a number; else it is as [Store.Get].
func (s *Store) GetByID(ctx context.Context, by access.Scope, id int64) (Resource, error) {
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Resource{}, err
	}
	return s.get(ctx, s.Layers.DB(), v, `r.id = @id`, pgx.NamedArgs{"id": id}, fmt.Sprintf("resource %d", id))
}

// OfLayer returns the resource that a layer is bound to; else it is as [Store.Get].
func (s *Store) OfLayer(ctx context.Context, by access.Scope, layer string) (Resource, error) {
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Resource{}, err
	}
	return s.get(ctx, s.Layers.DB(), v, `r.layer = @layer`, pgx.NamedArgs{"layer": layer}, fmt.Sprintf("resource of layer %q", layers.Short(layer)))
}

func (s *Store) viewer(ctx context.Context, by access.Scope) (*viewer, error) {
	all, err := s.Layers.Layers(ctx)
	if err != nil {
		return nil, err
	}
	return newViewer(by, all), nil
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func (s *Store) get(ctx context.Context, db querier, v *viewer, cond string, args pgx.NamedArgs, what string) (Resource, error) {
	found, err := read(ctx, db, cond, args)
	if err != nil {
		return Resource{}, err
	}
	if len(found) == 0 || !v.knows(found[0].head()) {
		return Resource{}, fmt.Errorf("%s: %w", what, layers.ErrNotFound)
	}
	r := found[0]
	return r, show(ctx, db, v, &r)
}

// show fills in what the viewer may see and do, and takes away what the public
// does not see: names of items that are not public.
func show(ctx context.Context, db querier, v *viewer, r *Resource) error {
	h := r.head()
	r.Sight = v.sees(h)
	r.Mine = mayEdit(v.by, r.Provider)
	var fields []string
	switch l, bound := v.layers[r.Layer]; {
	case bound:
		if right, ok := v.by.Layer(l); ok {
			fields = fieldsOf(right)
		}
	case r.Sight == SeeAll:
		for _, i := range r.Items {
			fields = append(fields, i.Key)
		}
	case v.staff && r.Layer == "" && r.WithdrawnAt == nil:
		grants := v.grants
		if grants == nil {
			var err error
			if grants, err = granted(ctx, db, v.by, `resource = @id`, r.ID); err != nil {
				return err
			}
		}
		fields = grants[r.ID]
		if len(fields) > 0 {
			r.Sight = SeePart
		}
	}
	shown := 0
	for i := range r.Items {
		r.Items[i].Visible = slices.Contains(fields, r.Items[i].Key)
		shown += b2i(r.Items[i].Visible)
	}
	if r.Layer == "" && r.Sight == SeePart && shown == len(r.Items) { // every item was granted
		r.Sight = SeeAll
	}
	if r.Sight == SeeNone && !r.Mine {
		r.Address = ""
	}
	if !v.staff {
		r.Items = slices.DeleteFunc(r.Items, func(i ResourceItem) bool { return i.Sensitivity != layers.Public })
	}
	return nil
}

// granted are the keys of the items of resources without a layer that the
// caller was granted (layers/sharing), for themselves or for whom they act for.
// As with layers, a grant serves a duty.
func granted(ctx context.Context, db querier, by access.Scope, cond string, id int64) (map[int64][]string, error) {
	out := map[int64][]string{}
	if !by.OnDuty() {
		return out, nil
	}
	rows, err := db.Query(ctx, `SELECT resource, org, items FROM onemap.resource_grant WHERE `+cond+` AND revoked_at IS NULL AND ends_at > now()`, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, fmt.Errorf("grants of resources: %w", err)
	}
	var items []string
	var org string
	_, err = pgx.ForEachRow(rows, []any{&id, &org, &items}, func() error {
		if by.ActsFor(org) {
			out[id] = append(out[id], items...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("grants of resources: %w", err)
	}
	return out, nil
}

// atOnce is how many resources are read at a time where all are.
const atOnce = 500

// All calls f for each resource that a query finds, whole, in its order; q's
// Offset and Limit do not count. It stops at f's first error and returns it.
func (s *Store) All(ctx context.Context, by access.Scope, q Query, f func(Resource) error) error {
	q.Offset, q.Limit = 0, 1
	if err := q.check(); err != nil {
		return err
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return err
	}
	x, err := s.current(ctx)
	if err != nil {
		return err
	}
	if v.grants, err = granted(ctx, s.Layers.DB(), by, `true`, 0); err != nil {
		return err
	}
	q.Limit = len(x.all) + len(x.fresh) + 1
	hits := x.search(v, q).Hits
	ids := make([]int64, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	for part := range slices.Chunk(ids, atOnce) {
		found, err := read(ctx, s.Layers.DB(), `r.id = ANY (@ids)`, pgx.NamedArgs{"ids": part})
		if err != nil {
			return err
		}
		byID := make(map[int64]*Resource, len(found))
		for i := range found {
			byID[found[i].ID] = &found[i]
		}
		for _, id := range part {
			r := byID[id]
			if r == nil || !v.knows(r.head()) { // gone, or not to be known any more
				continue
			}
			if err := show(ctx, s.Layers.DB(), v, r); err != nil {
				return err
			}
			if err := f(*r); err != nil {
				return err
			}
		}
	}
	return nil
}

// read returns resources by a condition on r (onemap.resource_now), by code,
// with everything but what depends on the caller.
func read(ctx context.Context, db querier, cond string, args pgx.NamedArgs) ([]Resource, error) {
	rows, err := db.Query(ctx, `SELECT r.id, r.code, r.class, r.version, coalesce(r.layer, ''), coalesce(r.provider, ''),
		       coalesce(o.name_zh, ''), coalesce(o.name_en, ''), coalesce(o.uscc, ''),
		       r.name_zh, r.name_en, r.abstract, r.format, r.format_type, r.share, r.share_basis, r.share_how, r.open, r.open_basis,
		       r.update_cycle, r.updated_at, coalesce(r.published_on::text, ''), r.withdrawn_at, r.known_to, r.grading, r.area_code,
		       coalesce(r.period_from::text, ''), coalesce(r.period_to::text, ''), r.related, r.address, r.mounted,
		       coalesce(i.items, '[]'), coalesce(f.files, '[]')
		FROM onemap.resource_now r
		LEFT JOIN onemap.organisation o ON o.code = r.provider
		LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('key', key, 'name_zh', name_zh, 'name_en', name_en, 'type', type, 'length', coalesce(length, 0),
		           'sensitivity', sensitivity, 'description', description) ORDER BY position) AS items
		    FROM onemap.resource_item_now WHERE resource = r.id) i ON true
		LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('id', id, 'name', name, 'media_type', media_type, 'bytes', octet_length(content),
		           'sha256', encode(sha256, 'hex'), 'added_at', added_at) ORDER BY id) AS files
		    FROM onemap.resource_file WHERE resource = r.id AND removed_at IS NULL) f ON true
		WHERE `+cond+` ORDER BY r.code`, args)
	if err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Resource, error) {
		var r Resource
		var items, files []byte
		err := row.Scan(&r.ID, &r.Code, &r.Class, &r.Version, &r.Layer, &r.Provider, &r.ProviderZH, &r.ProviderEN, &r.ProviderUSCC,
			&r.NameZH, &r.NameEN, &r.Abstract, &r.Format, &r.FormatType, &r.Share, &r.ShareBasis, &r.ShareHow, &r.Open, &r.OpenBasis,
			&r.UpdateCycle, &r.UpdatedAt, &r.PublishedOn, &r.WithdrawnAt, &r.KnownTo, &r.Grading, &r.AreaCode,
			&r.PeriodFrom, &r.PeriodTo, &r.Related, &r.Address, &r.Mounted, &items, &files)
		if err != nil {
			return r, err
		}
		r.Sight = SeeNone
		return r, errors.Join(json.Unmarshal(items, &r.Items), json.Unmarshal(files, &r.Files))
	})
	if err != nil {
		return nil, fmt.Errorf("read resources: %w", err)
	}
	return found, nil
}

// A Past is a version that is no longer in force, or the one that is.
type Past struct {
	Version    int            `json:"version"`
	ReplacedAt *time.Time     `json:"replaced_at,omitempty" doc:"Absent: it is in force"`
	ReplacedBy string         `json:"replaced_by,omitempty" doc:"Login; absent: it followed a change of the layer"`
	Content    map[string]any `json:"content" doc:"The resource, whole, as it was"`
}

// Versions returns all versions of a resource, the one in force first.
func (s *Store) Versions(ctx context.Context, by access.Scope, code string) ([]Past, error) {
	r, err := s.Get(ctx, by, code)
	if err != nil {
		return nil, err
	}
	if _, staff := by.Person(); !staff {
		return nil, access.ErrUnauthenticated // versions hold the names of all items
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT version, NULL::timestamptz, '', onemap.resource_content(id) FROM onemap.resource WHERE id = @id
		UNION ALL SELECT version, replaced_at, replaced_by, content FROM onemap.resource_past WHERE resource = @id
		ORDER BY 1 DESC LIMIT 500`, pgx.NamedArgs{"id": r.ID})
	if err != nil {
		return nil, fmt.Errorf("versions of resource %s: %w", code, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Past])
	if err != nil {
		return nil, fmt.Errorf("versions of resource %s: %w", code, err)
	}
	if r.Sight == SeeNone && !r.Mine {
		for _, p := range all {
			delete(p.Content, "address")
		}
	}
	return all, nil
}
