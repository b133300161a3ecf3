package pull

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgres reads a table or a query of a department's database: in a read-only
// transaction, with a limit of time, as JSON, in which PostGIS writes
// geometries as GeoJSON.
func (s *Store) postgres(ctx context.Context, dir string, x Source, key secret) (fetched, error) {
	conn, err := s.connect(ctx, x.Place, key)
	if err != nil {
		return fetched{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	out, err := newSheet(dir)
	if err != nil {
		return fetched{}, err
	}
	return out.done(func() error {
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
		if err != nil {
			return theirs(err)
		}
		defer tx.Rollback(context.WithoutCancel(ctx))
		rows, err := tx.Query(ctx, `SELECT row_to_json(q)::text FROM (`+x.Place.statement()+"\n) q") // a comment at its end does not reach the bracket
		if err != nil {
			return theirs(err)
		}
		var text string
		_, err = pgx.ForEachRow(rows, []any{&text}, func() error {
			f, err := pgFeature([]byte(text))
			if err != nil {
				return err
			}
			return out.add(f)
		})
		return theirs(err)
	}())
}

func (p Place) statement() string {
	if p.Table == "" {
		return p.Query
	}
	return "SELECT * FROM " + pgx.Identifier(strings.Split(p.Table, ".")).Sanitize()
}

// connect opens a session that may only read. Nothing of this machine's own
// settings for PostgreSQL (environment, password file) counts.
func (s *Store) connect(ctx context.Context, p Place, key secret) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig("host=localhost user=x dbname=x password=x sslmode=disable")
	if err != nil {
		return nil, err
	}
	seconds := p.Seconds
	if seconds == 0 {
		seconds = 60
	}
	c.Host, c.Port, c.User, c.Password, c.Database = p.Host, 5432, key.login, key.secret, p.Database
	if p.Port != 0 {
		c.Port = uint16(p.Port) //nolint:gosec // the API takes no larger
	}
	c.Fallbacks, c.TLSConfig, c.ConnectTimeout = nil, nil, 20*time.Second
	if p.TLS {
		c.TLSConfig = &tls.Config{ServerName: p.Host, MinVersion: tls.VersionTLS12}
	}
	c.RuntimeParams = map[string]string{"application_name": "onemap", "default_transaction_read_only": "on", "statement_timeout": fmt.Sprint(seconds * 1000),
		"idle_in_transaction_session_timeout": "60000", "search_path": "public"}
	c.DefaultQueryExecMode = pgx.QueryExecModeExec                                                       // the extended protocol: one statement, and never a second behind it
	c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // the dialler's to resolve, and to judge
	var reached error
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if network != "tcp" {
			reached = errors.New("a database over TCP")
			return nil, reached
		}
		var conn net.Conn
		conn, reached = s.Dial(ctx, address, p.TLS)
		return conn, reached
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil && reached != nil {
		return nil, wrong("%v", reached)
	}
	if err != nil {
		return nil, theirs(err)
	}
	return conn, nil
}

// theirs says in words what a department's database has against us. Its own
// message names only its own tables, and is what its keeper needs.
func theirs(err error) error {
	var f *fault
	var pg *pgconn.PgError
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.As(err, &pg) && pg.Code == "57014":
		return wrong("the statement took longer than it may")
	case errors.As(err, &pg) && strings.HasPrefix(pg.Code, "28"):
		return wrong("the database refuses the login")
	case errors.As(err, &pg) && pg.Code == "25006":
		return wrong("the query would write: it may only read")
	case errors.As(err, &pg):
		return wrong("the database says: %s (%s)", pg.Message, pg.Code)
	}
	return wrong("the connection to the database was cut")
}

// pgFeature makes a feature of a row: the first column that is a geometry is its place.
func pgFeature(text []byte) (f outFeature, err error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := d.Token(); err != nil {
		return f, wrong("a row that is no JSON")
	}
	properties := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return f, wrong("a row that is no JSON")
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return f, wrong("a row that is no JSON")
		}
		if f.Geometry == nil && isGeometry(raw) {
			f.Geometry = raw
			continue
		}
		properties[fmt.Sprint(name)] = raw
	}
	f.Properties, err = json.Marshal(properties)
	return f, err
}
