package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
)

// A Note is why a change is made, by whom it was sent.
type Note struct {
	Reason  string // for the audit; it may be empty
	Address string // the caller's IP address
}

// Put makes a resource (version 0), or changes the one that somebody looked at,
// at the version they saw.
//
// It returns [access.ErrForbidden] for all but the provider's data officers and
// administrators, an error wrapping [layers.ErrConflict] where somebody changed
// it since or the code is taken, [layers.ErrNotFound] for one that the caller
// may not know of, and a [layers.InputError] for a bad value.
func (s *Store) Put(ctx context.Context, by access.Scope, d Draft, version int, note Note) (Resource, error) {
	if err := by.Require(access.DepartmentOfficer, access.Administrator); err != nil {
		return Resource{}, err
	}
	d = d.tidy()
	if err := errors.Join(d.check(), layers.CheckText("reason", note.Reason, 500)); err != nil {
		return Resource{}, err
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Resource{}, err
	}
	var out Resource
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		c, err := s.plan(ctx, tx, v, d, version)
		if err != nil {
			return err
		}
		if c.what != Same {
			if err := s.apply(ctx, tx, v, []*change{c}); err != nil {
				return err
			}
			err := access.RecordTx(ctx, tx, by, access.Entry{Action: "resource." + verbs[c.what], Object: "resource/" + c.draft.Code, Result: access.Done, Reason: note.Reason, Address: note.Address})
			if err != nil {
				return err
			}
		}
		out, err = s.get(ctx, tx, v, `r.code = @code`, pgx.NamedArgs{"code": c.draft.Code}, "resource")
		return err
	})
	return out, asInput(err)
}

var verbs = map[string]string{New: "create", Changed: "change"}

// plan says what a draft of one resource would do, with its row locked.
func (s *Store) plan(ctx context.Context, tx pgx.Tx, v *viewer, d Draft, version int) (*change, error) {
	known, err := loadRefs(ctx, tx)
	if err != nil {
		return nil, err
	}
	if d.Code != "" {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.resource WHERE code = $1 FOR UPDATE`, d.Code); err != nil {
			return nil, fmt.Errorf("lock resource: %w", err)
		}
	}
	found, err := read(ctx, tx, `r.code = @code`, pgx.NamedArgs{"code": d.Code})
	if err != nil {
		return nil, err
	}
	var now *Resource
	if len(found) > 0 {
		now = &found[0]
	}
	switch {
	case now == nil && version > 0, now != nil && version > 0 && !v.knows(now.head()):
		return nil, fmt.Errorf("resource %q: %w", layers.Short(d.Code), layers.ErrNotFound)
	case now != nil && version == 0:
		return nil, fmt.Errorf("resource %s is there already: %w", d.Code, layers.ErrConflict)
	case now != nil && now.Version != version:
		return nil, fmt.Errorf("resource %s was changed since: it is at version %d, you saw %d: %w", d.Code, now.Version, version, layers.ErrConflict)
	}
	return judge(v, known, d, now)
}

// Kinds of what a draft does.
const (
	New     = "new"
	Changed = "changed"
	Same    = "same"
)

// A change is what a draft would do.
type change struct {
	draft Draft // tidy, and as its layer says
	now   *Resource
	what  string
}

// judge says what a tidy and checked draft would do to the resource as it is, nil if there is none.
func judge(v *viewer, known *refs, d Draft, now *Resource) (*change, error) {
	c := &change{draft: d, now: now, what: New}
	d0 := &c.draft
	if now != nil {
		if !mayEdit(v.by, now.Provider) {
			return nil, access.ErrForbidden
		}
		if d0.PublishedOn == "" {
			d0.PublishedOn = now.PublishedOn
		}
	}
	if now != nil && now.Layer != "" {
		l, ok := v.layers[now.Layer]
		if !ok {
			return nil, fmt.Errorf("layer %s of resource %s: %w", now.Layer, now.Code, layers.ErrConflict) // made a moment ago: ask again
		}
		if err := d0.asLayer(*now, l); err != nil {
			return nil, err
		}
	} else if err := d0.checkOwn(); err != nil {
		return nil, err
	}
	if err := known.check(*d0); err != nil {
		return nil, err
	}
	if !mayEdit(v.by, d0.Provider) {
		return nil, access.ErrForbidden
	}
	if now != nil {
		if before := DraftOf(*now); before.equal(*d0) {
			c.what = Same
		} else {
			c.what = Changed
		}
	}
	return c, nil
}

// apply writes changes, of which new ones get their code here.
func (s *Store) apply(ctx context.Context, tx pgx.Tx, v *viewer, changes []*change) error {
	p, _ := v.by.Person()
	ids := make([]int64, len(changes))
	b := &pgx.Batch{}
	for i, c := range changes {
		if c.what == New {
			b.Queue(insertSQL, c.draft.args(0, p.Login)).QueryRow(func(row pgx.Row) error { return row.Scan(&ids[i], &c.draft.Code) })
			continue
		}
		ids[i] = c.now.ID
		b.Queue(`SELECT onemap.resource_keep(@id, @by)`, pgx.NamedArgs{"id": c.now.ID, "by": p.Login})
		set := setOwnSQL
		if c.now.Layer != "" {
			set = setBoundSQL
			args := c.draft.args(c.now.ID, p.Login)
			l := v.layers[c.now.Layer]
			if c.draft.NameZH == l.TitleZH {
				args["name_zh"] = "" // the layer's title, also when it changes
			}
			if c.draft.NameEN == l.TitleEN {
				args["name_en"] = ""
			}
			b.Queue(set, args)
		} else {
			b.Queue(set, c.draft.args(c.now.ID, p.Login))
		}
		b.Queue(`DELETE FROM onemap.resource_item WHERE resource = @id`, pgx.NamedArgs{"id": c.now.ID})
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write resources: %w", err)
	}
	var items [][]any
	for i, c := range changes {
		items = append(items, c.items(ids[i], v)...)
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"onemap", "resource_item"},
		[]string{"resource", "position", "field", "name_zh", "name_en", "type", "length", "sensitivity", "description"}, pgx.CopyFromRows(items))
	if err != nil {
		return fmt.Errorf("write items of resources: %w", err)
	}
	return nil
}

// items are the rows of a change's items: of a bound resource those of which
// something is said beyond the registry.
func (c *change) items(id int64, v *viewer) [][]any {
	null := func(n int) any {
		if n == 0 {
			return nil
		}
		return n
	}
	var rows [][]any
	for i, it := range c.draft.Items {
		if c.now == nil || c.now.Layer == "" {
			rows = append(rows, []any{id, i + 1, nil, it.NameZH, it.NameEN, it.Type, null(it.Length), it.Sensitivity, it.Description})
			continue
		}
		f, _ := v.layers[c.now.Layer].Field(it.Key)
		if it.NameZH == f.TitleZH {
			it.NameZH = ""
		}
		if it.NameEN == f.TitleEN {
			it.NameEN = ""
		}
		if it.NameZH != "" || it.NameEN != "" || it.Length != 0 || it.Description != "" {
			rows = append(rows, []any{id, i + 1, it.Key, it.NameZH, it.NameEN, nil, null(it.Length), nil, it.Description})
		}
	}
	return rows
}

const insertSQL = `INSERT INTO onemap.resource (code, name_zh, name_en, abstract, format, format_type, share_how, open_basis, provider, share, share_basis, open,
	    update_cycle, updated_at, address, published_on, known_to, grading, area_code, period_from, period_to, related, made_by)
	VALUES (coalesce(nullif(@code, ''), onemap.resource_number(coalesce(nullif(@class, ''), left(onemap.department_class(@provider), 3)))),
	    @name_zh, @name_en, @abstract, @format, @format_type, @share_how, @open_basis, @provider, @share, @share_basis, @open,
	    @update_cycle, @updated_at, @address, nullif(@published_on, '')::date, @known_to, @grading, @area_code, nullif(@period_from, '')::date, nullif(@period_to, '')::date, @related, @by)
	RETURNING id, code`

const setBoundSQL = `UPDATE onemap.resource SET name_zh = @name_zh, name_en = @name_en, abstract = @abstract, format = @format, format_type = @format_type,
	    share_how = @share_how, open_basis = @open_basis, published_on = nullif(@published_on, '')::date, known_to = @known_to, grading = @grading,
	    area_code = @area_code, period_from = nullif(@period_from, '')::date, period_to = nullif(@period_to, '')::date, related = @related
	WHERE id = @id`

const setOwnSQL = `UPDATE onemap.resource SET name_zh = @name_zh, name_en = @name_en, abstract = @abstract, format = @format, format_type = @format_type,
	    share_how = @share_how, open_basis = @open_basis, published_on = nullif(@published_on, '')::date, known_to = @known_to, grading = @grading,
	    area_code = @area_code, period_from = nullif(@period_from, '')::date, period_to = nullif(@period_to, '')::date, related = @related,
	    provider = @provider, share = @share, share_basis = @share_basis, open = @open, update_cycle = @update_cycle, updated_at = @updated_at, address = @address
	WHERE id = @id`

func (d Draft) args(id int64, by string) pgx.NamedArgs {
	return pgx.NamedArgs{"id": id, "by": by, "code": d.Code, "class": d.Class, "name_zh": d.NameZH, "name_en": d.NameEN, "abstract": d.Abstract, "format": d.Format, "format_type": d.FormatType,
		"share_how": d.ShareHow, "open_basis": d.OpenBasis, "provider": d.Provider, "share": d.Share, "share_basis": d.ShareBasis, "open": d.Open,
		"update_cycle": d.UpdateCycle, "updated_at": d.UpdatedAt, "address": d.Address, "published_on": d.PublishedOn, "known_to": d.KnownTo, "grading": d.Grading,
		"area_code": d.AreaCode, "period_from": d.PeriodFrom, "period_to": d.PeriodTo, "related": d.Related}
}

// asInput turns what the database refused into words for the caller.
func asInput(err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg) && pg.Code == "23505" && strings.Contains(pg.ConstraintName, "code"): // unique_violation
		return fmt.Errorf("a resource of that code is there already: %w", layers.ErrConflict)
	case layers.Refused(err) != nil:
		return layers.Refused(err)
	}
	return err
}

// Withdraw takes a resource out of the catalogue, or puts it back: it stays
// known to staff as withdrawn, and is found only by who asks for those. A bound
// resource goes with its layer, and is not withdrawn on its own.
func (s *Store) Withdraw(ctx context.Context, by access.Scope, code string, withdrawn bool, note Note) (Resource, error) {
	if err := by.Require(access.DepartmentOfficer, access.Administrator); err != nil {
		return Resource{}, err
	}
	if strings.TrimSpace(note.Reason) == "" {
		return Resource{}, &layers.InputError{Field: "reason", Remedy: "say why"}
	}
	if err := layers.CheckText("reason", note.Reason, 500); err != nil {
		return Resource{}, err
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Resource{}, err
	}
	var out Resource
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if out, err = s.get(ctx, tx, v, `r.code = @code`, pgx.NamedArgs{"code": code}, fmt.Sprintf("resource %q", layers.Short(code))); err != nil {
			return err
		}
		switch {
		case !mayEdit(by, out.Provider):
			return access.ErrForbidden
		case out.Layer != "":
			return fmt.Errorf("the resource is bound to the layer %s, which is in use: %w", out.Layer, layers.ErrConflict)
		case (out.WithdrawnAt != nil) == withdrawn:
			return nil
		}
		p, _ := by.Person()
		action := "resource.withdraw"
		if !withdrawn {
			action = "resource.restore"
		}
		b := &pgx.Batch{}
		b.Queue(`SELECT onemap.resource_keep(@id, @by)`, pgx.NamedArgs{"id": out.ID, "by": p.Login})
		b.Queue(`UPDATE onemap.resource SET withdrawn_at = CASE WHEN @on THEN now() END WHERE id = @id`, pgx.NamedArgs{"id": out.ID, "on": withdrawn})
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("withdraw resource %s: %w", code, err)
		}
		if err := access.RecordTx(ctx, tx, by, access.Entry{Action: action, Object: "resource/" + code, Result: access.Done, Reason: note.Reason, Address: note.Address}); err != nil {
			return err
		}
		out, err = s.get(ctx, tx, v, `r.id = @id`, pgx.NamedArgs{"id": out.ID}, "resource")
		return err
	})
	return out, asInput(err)
}
