// Package pull brings data from departments' own systems by a schedule: from a
// PostgreSQL, a service of OGC API Features or ArcGIS REST, or a file over HTTP.
//
// A source is read into a file, and the file goes the way of an upload
// (layers/upload): by the plan that a person made once for it, past the quality
// rules, as one change that may be undone. A run acts with the rights that the
// source's keeper, the officer who last set it, has at that moment; if they are
// gone, it fails until another officer takes it over.
//
// What a source asks for before it answers is kept in a table of its own that
// no method of this package returns. Addresses inside the network are reached
// only where the operator names them (web/outbound, handed in as Open and Dial).
//
// The clock (due.go) puts down a river job for each source whose time has come;
// a run that fails is tried again after growing waits. A source that is silent
// beyond its layer's update cycle makes an alarm, which its organisation sees
// and which stands in the audit.
package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
	"onemap/layers/upload"
	"onemap/layers/vault"
)

// Store keeps sources and runs them. Its methods are safe for concurrent use.
type Store struct {
	Uploads   *upload.Store
	Directory *access.Directory
	Jobs      *jobs.Queue      // nil: nothing runs by itself
	Now       func() time.Time // nil: time.Now
	Keys      *vault.Keys      // seal what sources ask for; nil: it stands as it is
	// Open asks for an address; Dial connects to a database; Check says, as a
	// layers.InputError, why an address could never be asked.
	Open  func(ctx context.Context, address string, header map[string]string) (status int, answer func(name string) string, body io.ReadCloser, err error)
	Dial  func(ctx context.Context, address string, verified bool) (net.Conn, error)
	Check func(address string) error
}

// Kinds of sources.
const (
	Postgres = "postgres"
	OGC      = "ogc"
	ArcGIS   = "arcgis"
	File     = "file"
)

// Place says where a source is. Which fields count is its kind's to say.
type Place struct {
	URL string `json:"url,omitempty" maxLength:"2000" doc:"Of a file; of an OGC collection (…/collections/name); of an ArcGIS layer (…/FeatureServer/0)"`
	CRS string `json:"crs,omitempty" maxLength:"20" doc:"Of ArcGIS: EPSG code to ask for, left out 4326"`
	// Where ArcGIS filters; all by default.
	Where string `json:"where,omitempty" maxLength:"1000" doc:"Of ArcGIS: which features; left out: all"`

	Host     string `json:"host,omitempty" maxLength:"253"`
	Port     int    `json:"port,omitempty" minimum:"0" maximum:"65535" doc:"Left out: 5432"`
	Database string `json:"database,omitempty" maxLength:"63"`
	TLS      bool   `json:"tls,omitempty" doc:"With a verified certificate; without it only in networks that the operator named"`
	Table    string `json:"table,omitempty" maxLength:"127" doc:"Of PostgreSQL: name, or schema.name"`
	Query    string `json:"query,omitempty" maxLength:"20000" doc:"Of PostgreSQL, in place of a table: one SELECT"`
	Seconds  int    `json:"seconds,omitempty" minimum:"0" maximum:"600" doc:"How long a PostgreSQL statement may take; left out: 60"`
}

// A Source is where rows come from.
type Source struct {
	ID       int64        `json:"id"`
	Org      string       `json:"org"`
	Title    string       `json:"title"`
	Kind     string       `json:"kind" enum:"postgres,ogc,arcgis,file"`
	Place    Place        `json:"place"`
	Layer    string       `json:"layer" doc:"Empty: it was not mapped yet"`
	Plan     *upload.Plan `json:"plan,omitempty" doc:"Left out: as the organisation last read such columns into the layer"`
	Minutes  int          `json:"minutes" doc:"From one run to the next"`
	Active   bool         `json:"active"`
	Keeper   string       `json:"keeper" doc:"Login, with whose rights it runs"`
	Secret   bool         `json:"secret" doc:"It has a login or a secret, which nothing reads back"`
	MadeBy   string       `json:"made_by"`
	MadeAt   time.Time    `json:"made_at"`
	NextAt   time.Time    `json:"next_at"`
	HeardAt  time.Time    `json:"heard_at" doc:"It last answered well"`
	NewsAt   time.Time    `json:"news_at" doc:"It last had something new"`
	Last     *Run         `json:"last,omitempty"`
	Alarms   []Alarm      `json:"alarms" nullable:"false" doc:"That still stand"`
	etag     string
	modified string
	sha256   []byte
	keeper   int64
}

// An Alarm says that a source is silent beyond its update cycle.
type Alarm struct {
	Kind  string    `json:"kind" enum:"unreachable,stale" doc:"It does not answer; it answers, with nothing new"`
	Since time.Time `json:"since"`
	At    time.Time `json:"at"`
}

// A Setting is what an officer says of a source.
type Setting struct {
	Title   string       `json:"title" minLength:"1" maxLength:"200"`
	Kind    string       `json:"kind" enum:"postgres,ogc,arcgis,file"`
	Place   Place        `json:"place"`
	Layer   string       `json:"layer,omitempty" maxLength:"48"`
	Plan    *upload.Plan `json:"plan,omitempty"`
	Minutes int          `json:"minutes" minimum:"1" maximum:"44640"`
	Active  bool         `json:"active"`
	Login   *string      `json:"login,omitempty" maxLength:"200" writeOnly:"true" doc:"Of a database, or of HTTP Basic. Left out: as it is"`
	Secret  *string      `json:"secret,omitempty" maxLength:"2000" writeOnly:"true" doc:"Password; without a login a bearer token. Left out: as it is"`
}

func (s *Store) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

var (
	hostName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$`)
	tableName = regexp.MustCompile(`^[^"\x00.]{1,63}(\.[^"\x00.]{1,63})?$`)
)

func (s *Store) check(x *Setting) error {
	if err := layers.CheckText("title", x.Title, 200); err != nil {
		return err
	}
	if x.Minutes < 1 || x.Minutes > 31*24*60 {
		return &layers.InputError{Field: "minutes", Value: fmt.Sprint(x.Minutes), Remedy: "1 to 44640"}
	}
	p := x.Place
	if x.Kind != Postgres {
		if p.Host != "" || p.Database != "" || p.Table != "" || p.Query != "" {
			return &layers.InputError{Field: "place", Remedy: "a url: the rest is of databases"}
		}
		if err := s.Check(p.URL); err != nil {
			return err
		}
		return nil
	}
	switch {
	case !hostName.MatchString(p.Host):
		return &layers.InputError{Field: "place.host", Value: layers.Short(p.Host), Remedy: "a name or an address"}
	case p.Database == "":
		return &layers.InputError{Field: "place.database", Remedy: "the database's name"}
	case (p.Table == "") == (p.Query == ""):
		return &layers.InputError{Field: "place.table", Remedy: "either a table or a query"}
	case p.Table != "" && !tableName.MatchString(p.Table):
		return &layers.InputError{Field: "place.table", Value: layers.Short(p.Table), Remedy: "name, or schema.name"}
	case strings.Contains(p.Query, "\x00"):
		return &layers.InputError{Field: "place.query", Remedy: "one SELECT"}
	}
	return nil
}

// Put makes a source (id 0) or changes one. The caller becomes its keeper. Where it is changed to
// ask elsewhere, its secret must be given anew: it is not sent to another address.
func (s *Store) Put(ctx context.Context, by access.Scope, address string, id int64, x Setting) (Source, error) {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return Source{}, err
	}
	if err := s.check(&x); err != nil {
		return Source{}, err
	}
	who, _ := by.Person()
	if who.ID == 0 || by.ByKey() {
		return Source{}, fmt.Errorf("a source has a person as its keeper: sign in: %w", access.ErrForbidden)
	}
	if x.Layer != "" {
		l, err := s.Uploads.Layers.Layer(ctx, x.Layer)
		if err == nil {
			if _, visible := by.Layer(l); !visible {
				err = layers.ErrNotFound
			}
		}
		if err != nil {
			return Source{}, fmt.Errorf("layer %q: %w", layers.Short(x.Layer), err)
		}
		if _, err := by.Edit(l); err != nil {
			return Source{}, err
		}
	}
	if x.Plan != nil {
		if x.Plan.New != nil || x.Plan.Layer != x.Layer {
			return Source{}, &layers.InputError{Field: "plan.layer", Remedy: "the source's layer: make a new one by an upload first"}
		}
	}
	err := pgx.BeginFunc(ctx, s.Uploads.Layers.DB(), func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"id": id, "org": by.Org().Code, "title": strings.TrimSpace(x.Title), "kind": x.Kind, "place": x.Place, "layer": x.Layer, "plan": x.Plan,
			"every": time.Duration(x.Minutes) * time.Minute, "active": x.Active, "keeper": who.ID, "login": who.Login, "now": s.now()}
		action := "pull.change"
		if id == 0 {
			action = "pull.create"
			if err := tx.QueryRow(ctx, `INSERT INTO onemap.pull (org, title, kind, place, layer, plan, every, active, keeper, made_by, next_at, heard_at, news_at)
				VALUES (@org, @title, @kind, @place, @layer, @plan, @every, @active, @keeper, @login, @now, @now, @now) RETURNING id`, args).Scan(&id); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO onemap.pull_secret (pull) VALUES ($1)`, id); err != nil {
				return err
			}
		} else {
			old, err := s.get(ctx, tx, by, id, "FOR UPDATE OF p")
			if err != nil {
				return err
			}
			if old.Secret && (x.Secret == nil || x.Login == nil) && elsewhere(old, x) {
				return &layers.InputError{Field: "secret", Remedy: "the login and the secret again: the source is another"}
			}
			if _, err := tx.Exec(ctx, `UPDATE onemap.pull SET title = @title, kind = @kind, layer = @layer, plan = @plan, every = @every, active = @active, keeper = @keeper,
				etag = CASE WHEN place = @place THEN etag ELSE '' END, modified = CASE WHEN place = @place THEN modified ELSE '' END, sha256 = NULL,
				place = @place, next_at = least(next_at, @now::timestamptz + @every::interval) WHERE id = @id`, args); err != nil {
				return err
			}
		}
		if x.Login != nil || x.Secret != nil {
			if err := s.putSecret(ctx, tx, id, x.Login, x.Secret); err != nil {
				return err
			}
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: action, Object: fmt.Sprintf("pull/%d", id), Result: access.Done, Address: address,
			Detail: map[string]any{"kind": x.Kind, "layer": x.Layer, "minutes": x.Minutes, "active": x.Active, "secret": x.Secret != nil}})
	})
	if err != nil {
		return Source{}, access.Wrap("set a source", err)
	}
	return s.Get(ctx, by, id)
}

// elsewhere says whether a source would be asked at another address, or in the open.
func elsewhere(old Source, x Setting) bool {
	a, b := old.Place, x.Place
	return old.Kind != x.Kind || origin(a.URL) != origin(b.URL) || a.Host != b.Host || a.Port != b.Port || a.TLS && !b.TLS
}

// Get returns a source of the caller's organisation.
func (s *Store) Get(ctx context.Context, by access.Scope, id int64) (Source, error) {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return Source{}, err
	}
	return s.get(ctx, s.Uploads.Layers.DB(), by, id, "")
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func (s *Store) get(ctx context.Context, db querier, by access.Scope, id int64, lock string) (Source, error) {
	all, err := s.sources(ctx, db, `p.id = @id AND p.org = @org`, lock, pgx.NamedArgs{"id": id, "org": by.Org().Code})
	if err != nil {
		return Source{}, err
	}
	if len(all) == 0 {
		return Source{}, fmt.Errorf("source %d: %w", id, layers.ErrNotFound)
	}
	return all[0], nil
}

// List returns the sources of the caller's organisation.
func (s *Store) List(ctx context.Context, by access.Scope) ([]Source, error) {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return nil, err
	}
	return s.sources(ctx, s.Uploads.Layers.DB(), `p.org = @org`, "", pgx.NamedArgs{"org": by.Org().Code})
}

func (s *Store) sources(ctx context.Context, db querier, where, lock string, args pgx.NamedArgs) ([]Source, error) {
	rows, err := db.Query(ctx, `SELECT p.id, p.org, p.title, p.kind, p.place, p.layer, p.plan, extract(epoch FROM p.every)::int / 60, p.active, k.login, p.keeper,
			EXISTS (SELECT FROM onemap.pull_secret x WHERE x.pull = p.id AND (x.login <> '' OR x.secret <> '' OR x.sealed IS NOT NULL)), p.made_by, p.made_at, p.next_at, p.heard_at, p.news_at,
			p.etag, p.modified, p.sha256,
			coalesce((SELECT jsonb_agg(jsonb_build_object('kind', a.kind, 'since', a.since, 'at', a.at) ORDER BY a.id) FROM onemap.pull_alarm a WHERE a.pull = p.id AND a.ended_at IS NULL), '[]'),
			(SELECT `+runJSON+` FROM onemap.pull_run r WHERE r.pull = p.id ORDER BY r.id DESC LIMIT 1)
		FROM onemap.pull p JOIN onemap.person k ON k.id = p.keeper WHERE p.ended_at IS NULL AND `+where+` ORDER BY p.id DESC LIMIT 500 `+lock, args)
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (x Source, err error) {
		var last []byte
		err = row.Scan(&x.ID, &x.Org, &x.Title, &x.Kind, &x.Place, &x.Layer, &x.Plan, &x.Minutes, &x.Active, &x.Keeper, &x.keeper, &x.Secret, &x.MadeBy, &x.MadeAt, &x.NextAt, &x.HeardAt, &x.NewsAt,
			&x.etag, &x.modified, &x.sha256, &x.Alarms, &last)
		if err == nil && last != nil {
			err = json.Unmarshal(last, &x.Last)
		}
		return x, err
	})
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	return all, nil
}

// End ends a source; what it brought stays, and so does its history. Its secret is erased.
func (s *Store) End(ctx context.Context, by access.Scope, address string, id int64) error {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Uploads.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := s.get(ctx, tx, by, id, "FOR UPDATE OF p"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.pull_secret WHERE pull = $1`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.pull SET ended_at = $2 WHERE id = $1`, id, s.now()); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "pull.end", Object: fmt.Sprintf("pull/%d", id), Result: access.Done, Address: address})
	})
	return access.Wrap("end a source", err)
}
