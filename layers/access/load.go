package access

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
)

// loadState reads all that rights are made of. tx must see one moment. Where geo is
// given, the grids and areas are not read anew.
func loadState(ctx context.Context, tx pgx.Tx, geo *geography) (*state, error) {
	st := newState()
	if err := st.loadPeople(ctx, tx); err != nil {
		return nil, fmt.Errorf("load rights: %w", err)
	}
	if geo == nil {
		geo = newGeography()
		if err := geo.load(ctx, tx); err != nil {
			return nil, fmt.Errorf("load grids and areas: %w", err)
		}
	}
	st.geo = geo
	return st, nil
}

func (st *state) loadPeople(ctx context.Context, tx pgx.Tx) error {
	err := each(ctx, tx, `SELECT code, coalesce(parent, ''), level, kind, area_code, name_zh, name_en, coalesce(uscc, '') FROM onemap.organisation`,
		func(row pgx.CollectableRow) error {
			var o Organisation
			err := row.Scan(&o.Code, &o.Parent, &o.Level, &o.Kind, &o.AreaCode, &o.NameZH, &o.NameEN, &o.USCC)
			st.orgs[o.Code] = o
			return err
		})
	if err != nil {
		return err
	}
	err = each(ctx, tx, `SELECT id, login, name, org, active, totp FROM onemap.person`, func(row pgx.CollectableRow) error {
		var id int64
		var p account
		err := row.Scan(&id, &p.login, &p.name, &p.org, &p.active, &p.totp)
		st.people[id] = p
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, `SELECT person, role FROM onemap.person_role`, func(row pgx.CollectableRow) error {
		var id int64
		var r Role
		err := row.Scan(&id, &r)
		st.roles[id] = append(st.roles[id], r)
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, `SELECT person, grid_code FROM onemap.person_grid`, func(row pgx.CollectableRow) error {
		var id int64
		var code string
		err := row.Scan(&id, &code)
		st.duty[id] = append(st.duty[id], code)
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, sessionSQL+` WHERE expires_at > now()`, func(row pgx.CollectableRow) error {
		s, err := scanSession(row)
		st.sessions[s.hash] = s.session
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, keySQL, func(row pgx.CollectableRow) error {
		k, err := scanHeldKey(row)
		st.keys[k.prefix] = k.key
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, `SELECT key, value FROM onemap.setting WHERE starts_with(key, 'access.')`, func(row pgx.CollectableRow) error {
		var key string
		var value []byte
		err := row.Scan(&key, &value)
		st.set(key, value)
		return err
	})
	if err != nil {
		return err
	}
	return each(ctx, tx, grantSQL+` WHERE revoked_at IS NULL`, func(row pgx.CollectableRow) error {
		g, err := scanGrant(row)
		st.grants[g.ID] = g
		return err
	})
}

func (g *geography) load(ctx context.Context, tx pgx.Tx) error {
	// Text form keeps the geometry codec of the connection out of it: the feed
	// brings a connection of its own.
	err := each(ctx, tx, `SELECT code, level, ST_AsBinary(geom) FROM onemap.area`, func(row pgx.CollectableRow) error {
		var code, level string
		var b []byte
		if err := row.Scan(&code, &level, &b); err != nil {
			return err
		}
		var mp orb.MultiPolygon
		if b != nil {
			geom, err := wkb.Unmarshal(b)
			if err != nil {
				return fmt.Errorf("outline of area %s: %w", code, err)
			}
			mp, _ = geom.(orb.MultiPolygon)
		}
		g.areas[code] = newArea(code, level, mp)
		return nil
	})
	if err != nil {
		return err
	}
	for kind, sql := range [3]string{
		unitGrid:      `SELECT id, grid_code, duty_code, community_code, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM map.grid_unit WHERE valid_to IS NULL`,
		dutyGrid:      `SELECT id, grid_code, '', community_code, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM map.grid_duty WHERE valid_to IS NULL`,
		communityGrid: `SELECT id, grid_code, '', '', ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM map.grid_community WHERE valid_to IS NULL`,
	} {
		err := each(ctx, tx, sql, func(row pgx.CollectableRow) error {
			var id int64
			var c grid
			err := row.Scan(&id, &c.code, &c.duty, &c.community, &c.bound.Min[0], &c.bound.Min[1], &c.bound.Max[0], &c.bound.Max[1])
			g.grids[kind][id] = c
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each calls use with each row of a query.
func each(ctx context.Context, tx pgx.Tx, sql string, use func(pgx.CollectableRow) error) error {
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) { return struct{}{}, use(row) })
	return err
}

func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
