package alert

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/hook"
	"onemap/layers/jobs"
)

// Store keeps alerts. Its methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store
	Jobs   *jobs.Queue
}

// States of an [Alert].
const (
	InForce   = "in_force"
	Replaced  = "replaced"
	Cancelled = "cancelled"
	Expired   = "expired"
	Kept      = "kept" // never in force: an answer, a test, a draft, a cancelling message itself
)

// An Alert is a message with what became of it.
type Alert struct {
	ID         int64
	Message    Message
	Levels     Levels
	Own        bool   // issued here
	Org        string // who issued it, or handed it in
	State      string
	ReceivedAt time.Time
	EndedAt    *time.Time
	EndedBy    *int64
	Drawn      bool // it has an outline
}

const columns = `a.id, a.message, coalesce(a.event_level, 0), coalesce(a.warning_level, 0), coalesce(a.response_level, 0), a.own, a.org,
	CASE WHEN a.state = 'in_force' AND a.expires <= now() THEN 'expired' ELSE a.state END, a.received_at, a.ended_at, a.ended_by, a.geom IS NOT NULL`

func scan(row pgx.CollectableRow) (Alert, error) {
	var a Alert
	err := row.Scan(&a.ID, &a.Message, &a.Levels.Event, &a.Levels.Warning, &a.Levels.Response, &a.Own, &a.Org, &a.State,
		&a.ReceivedAt, &a.EndedAt, &a.EndedBy, &a.Drawn)
	return a, err
}

// visible is the condition on alerts that a caller may see: public ones all,
// others who issued them or handed them in, and command centres.
func visible(by access.Scope, args pgx.NamedArgs) string {
	if by.Has(access.CommandCentre) {
		return "true"
	}
	args["org"] = by.Org().Code
	return "(a.scope = 'Public' AND a.status <> 'Draft' OR a.org = @org)"
}

// A Query asks for alerts, the latest sent first.
type Query struct {
	State  string // "": any
	Before int64  // smaller numbers only: the next page
	Limit  int    // 1 to 1000; 0: 100
}

// List returns alerts that the caller, who has signed in, may see.
func (s *Store) List(ctx context.Context, by access.Scope, q Query) ([]Alert, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	args := pgx.NamedArgs{"state": q.State, "before": q.Before, "limit": min(q.Limit, 1000)}
	return s.find(ctx, visible(by, args)+` AND (@before::bigint = 0 OR a.id < @before)
		AND (@state = '' OR CASE WHEN a.state = 'in_force' AND a.expires <= now() THEN 'expired' ELSE a.state END = @state)
		ORDER BY a.id DESC LIMIT @limit`, args)
}

// Get returns one alert. It returns an error wrapping [layers.ErrNotFound] for
// one that is not there, or that the caller may not see.
func (s *Store) Get(ctx context.Context, by access.Scope, id int64) (Alert, error) {
	if err := by.Require(); err != nil {
		return Alert{}, err
	}
	args := pgx.NamedArgs{"id": id}
	found, err := s.find(ctx, visible(by, args)+" AND a.id = @id", args)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("alert %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return Alert{}, err
	}
	return found[0], nil
}

// Public returns what anyone may know: public and actual messages, in force
// and not expired, the latest first; at most 500.
func (s *Store) Public(ctx context.Context) ([]Alert, error) {
	return s.find(ctx, `a.state = 'in_force' AND (a.expires IS NULL OR a.expires > now()) AND a.scope = 'Public' AND a.status = 'Actual' ORDER BY a.sent DESC, a.id DESC LIMIT 500`, pgx.NamedArgs{})
}

// XML returns the message of an identifier as it was issued or came, to
// whoever may see it; to anyone a public and actual one, also when it is over.
// Where several senders use the identifier it is the latest.
func (s *Store) XML(ctx context.Context, by access.Scope, identifier string) (string, time.Time, error) {
	args := pgx.NamedArgs{"identifier": identifier}
	may := "a.scope = 'Public' AND a.status = 'Actual'"
	if by.Require() == nil {
		may = visible(by, args)
	}
	var text string
	var at time.Time
	err := s.Layers.DB().QueryRow(ctx, `SELECT xml, received_at FROM onemap.alert a WHERE identifier = @identifier AND (`+may+`) ORDER BY a.id DESC LIMIT 1`, args).Scan(&text, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", at, fmt.Errorf("alert %s: %w", layers.Short(identifier), layers.ErrNotFound)
	}
	if err != nil {
		return "", at, fmt.Errorf("alert: %w", err)
	}
	return text, at, nil
}

func (s *Store) find(ctx context.Context, cond string, args pgx.NamedArgs) ([]Alert, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT `+columns+` FROM onemap.alert a WHERE `+cond, args)
	if err != nil {
		return nil, fmt.Errorf("find alerts: %w", err)
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("find alerts: %w", err)
	}
	return found, nil
}

// Receive keeps a message of another sender, and does what it says: it comes
// into force, replaces or cancels others of its sender. The same message again
// is answered with what is there, and again is true; another message of the
// same sender and identifier is an error wrapping [layers.ErrConflict].
func (s *Store) Receive(ctx context.Context, by access.Scope, raw []byte, address string) (a Alert, at feed.Cursor, again bool, err error) {
	if err := by.Require(access.CommandCentre); err != nil {
		return Alert{}, feed.Cursor{}, false, err
	}
	m, err := Read(raw)
	if err != nil {
		return Alert{}, feed.Cursor{}, false, err
	}
	own, err := s.sender(ctx, s.Layers.DB())
	if err != nil {
		return Alert{}, feed.Cursor{}, false, err
	}
	if m.Sender == own {
		return Alert{}, feed.Cursor{}, false, &layers.InputError{Field: "sender", Value: layers.Short(m.Sender), Remedy: "another's: alerts of this sender are issued here"}
	}
	return s.keep(ctx, by, m, levelsOf(m), string(raw), false, address)
}

// keep writes a message and its consequences in one transaction.
func (s *Store) keep(ctx context.Context, by access.Scope, m Message, l Levels, text string, own bool, address string) (a Alert, at feed.Cursor, again bool, err error) {
	fail := func(err error) (Alert, feed.Cursor, bool, error) { return Alert{}, feed.Cursor{}, false, err }
	shape, err := m.Outline()
	if err != nil {
		return fail(err)
	}
	refs, err := references(m.References)
	if err != nil {
		return fail(err)
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		who, _ := by.Person()
		args := pgx.NamedArgs{"identifier": m.Identifier, "sender": m.Sender, "sent": m.Sent.Time, "status": m.Status, "msg_type": m.MsgType, "scope": m.Scope,
			"own": own, "org": who.Org, "login": who.Login, "expires": layers.TimeOrNull(m.Expires()), "event": levelOrNull(l.Event), "warning": levelOrNull(l.Warning),
			"response": levelOrNull(l.Response), "message": m, "xml": text, "codes": geocodes(m), "geom": nil, "active": m.inForce(time.Now())}
		if shape != nil {
			args["geom"] = shape
		}
		err := tx.QueryRow(ctx, keepSQL, args).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			again = true
			return s.same(ctx, tx, m, text, &id)
		}
		if err != nil {
			return err
		}
		if m.MsgType == "Update" || m.MsgType == "Cancel" {
			if err := s.end(ctx, tx, m, id, refs); err != nil {
				return err
			}
		}
		if err := s.overtaken(ctx, tx, m, id); err != nil {
			return err
		}
		if err := s.show(ctx, tx, m, id); err != nil {
			return err
		}
		action := "alert.receive"
		if own {
			action = "alert." + lower(m.MsgType)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: action, Object: fmt.Sprintf("alert/%d", id), Result: access.Done, Address: address,
			Detail: map[string]any{"identifier": m.Identifier, "sender": m.Sender, "msg_type": m.MsgType, "status": m.Status, "scope": m.Scope}})
	})
	if err != nil {
		return fail(wrap("keep alert", err))
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return fail(fmt.Errorf("keep alert: %w", err))
	}
	a, err = s.Get(ctx, by, id)
	return a, at, again, err
}

// inForce says whether m is in force by itself at a moment.
func (m Message) inForce(now time.Time) string {
	switch e := m.Expires(); {
	case m.MsgType != "Alert" && m.MsgType != "Update", m.Status != "Actual" && m.Status != "Exercise":
		return Kept
	case !e.IsZero() && !e.After(now):
		return Expired
	}
	return InForce
}

// An area that is only named is drawn by the division of its code, where there is one.
const keepSQL = `INSERT INTO onemap.alert (identifier, sender, sent, status, msg_type, scope, own, org, login, state, ended_at, expires,
		event_level, warning_level, response_level, message, xml, geom)
	VALUES (@identifier, @sender, @sent, @status, @msg_type, @scope, @own, @org, @login, @active, CASE WHEN @active <> 'in_force' THEN now() END, @expires,
		@event, @warning, @response, @message, @xml,
		CASE WHEN @geom::geometry IS NOT NULL THEN ST_Multi(ST_CollectionExtract(ST_UnaryUnion(@geom::geometry), 3))
		     ELSE (SELECT ST_Multi(ST_CollectionExtract(ST_UnaryUnion(ST_Collect(geom)), 3)) FROM onemap.area
		           WHERE geom IS NOT NULL AND code = ANY (@codes::text[])) END)
	ON CONFLICT (sender, identifier) DO NOTHING RETURNING id`

// geocodes are the codes that the areas of m name, and their beginnings
// without the noughts that fill them up: 330782000000 is 330782.
func geocodes(m Message) []string {
	codes := []string{}
	for _, i := range m.Info {
		for _, a := range i.Area {
			if len(a.Polygon)+len(a.Circle) > 0 {
				continue
			}
			for _, g := range a.Geocode {
				codes = append(codes, g.Value)
				if v := g.Value; len(v) == 12 && strings.HasSuffix(v, "000000") {
					codes = append(codes, v[:6])
				} else if len(v) == 12 && strings.HasSuffix(v, "000") {
					codes = append(codes, v[:9])
				}
			}
		}
	}
	return codes
}

// same finds the message that has the sender and identifier already.
func (s *Store) same(ctx context.Context, tx pgx.Tx, m Message, text string, id *int64) error {
	var have string
	if err := tx.QueryRow(ctx, `SELECT id, xml FROM onemap.alert WHERE sender = @sender AND identifier = @identifier`,
		pgx.NamedArgs{"sender": m.Sender, "identifier": m.Identifier}).Scan(id, &have); err != nil {
		return err
	}
	if sha256.Sum256([]byte(have)) == sha256.Sum256([]byte(text)) {
		return nil
	}
	if old, err := Read([]byte(have)); err == nil && old.equal(m) { // written in another way
		return nil
	}
	return fmt.Errorf("%s has sent another message as %s: %w", m.Sender, m.Identifier, layers.ErrConflict)
}

func (m Message) equal(o Message) bool {
	a, err1 := Write(m)
	b, err2 := Write(o)
	return err1 == nil && err2 == nil && string(a) == string(b)
}

// end does what an Update or a Cancel says to the messages that it names: to
// those of its own sender, sent before it. Another's are not its to end.
func (s *Store) end(ctx context.Context, tx pgx.Tx, m Message, id int64, refs []reference) error {
	state := Replaced
	if m.MsgType == "Cancel" {
		state = Cancelled
	}
	var names []string
	for _, r := range refs {
		if r.Sender == m.Sender {
			names = append(names, r.Identifier)
		}
	}
	rows, err := tx.Query(ctx, `UPDATE onemap.alert SET state = @state, ended_at = now(), ended_by = @id
		WHERE sender = @sender AND identifier = ANY (@names) AND id <> @id AND state = 'in_force' AND status = @status AND sent <= @sent RETURNING id`,
		pgx.NamedArgs{"state": state, "id": id, "sender": m.Sender, "names": names, "status": m.Status, "sent": m.Sent.Time})
	if err != nil {
		return err
	}
	ended, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM map.alert WHERE alert = ANY (@ended)`, pgx.NamedArgs{"ended": ended}); err != nil {
		return err
	}
	for _, one := range ended {
		if m.MsgType == "Cancel" {
			if err := s.tell(ctx, tx, "alert.cancel", one); err != nil {
				return err
			}
		}
	}
	return nil
}

// overtaken ends a message at once whose Update or Cancel came before it:
// messages travel on different ways.
func (s *Store) overtaken(ctx context.Context, tx pgx.Tx, m Message, id int64) error {
	_, err := tx.Exec(ctx, `UPDATE onemap.alert a SET state = CASE b.msg_type WHEN 'Cancel' THEN 'cancelled' ELSE 'replaced' END, ended_at = now(), ended_by = b.id
		FROM onemap.alert b WHERE a.id = @id AND a.state = 'in_force' AND b.sender = a.sender AND b.id <> a.id AND b.status = a.status
		  AND b.msg_type IN ('Update', 'Cancel') AND b.sent >= a.sent AND position(a.sender || ',' || a.identifier || ',' IN b.message ->> 'references') > 0`,
		pgx.NamedArgs{"id": id})
	return err
}

// show puts a message on the map where it is in force, public, actual and
// drawn, tells webhooks, and sees to its end.
func (s *Store) show(ctx context.Context, tx pgx.Tx, m Message, id int64) error {
	var state string
	if err := tx.QueryRow(ctx, `SELECT state FROM onemap.alert WHERE id = @id`, pgx.NamedArgs{"id": id}).Scan(&state); err != nil {
		return err
	}
	if state != InForce {
		return nil
	}
	if m.Status == "Actual" && m.Scope == "Public" {
		i, _ := m.In("zh")
		en := Info{}
		if e, ok := m.In("en"); ok && primary(e.Language) == "en" {
			en = e
		}
		begin := m.Sent.Time
		if i.Effective != nil {
			begin = i.Effective.Time
		}
		var onset *time.Time
		if i.Onset != nil {
			onset = &i.Onset.Time
		}
		var descs []string
		for _, a := range i.Area {
			descs = append(descs, a.Desc)
		}
		_, err := tx.Exec(ctx, `INSERT INTO map.alert (source_key, alert, identifier, event, category, urgency, severity, certainty, warning_level, event_level, response_level,
				headline, headline_en, instruction, instruction_en, sender_name, area_desc, sent, effective, onset, expires, geom)
			SELECT 'cap:' || id, id, identifier, @event, @category, @urgency, @severity, @certainty, warning_level, event_level, response_level,
				@headline, @headline_en, @instruction, @instruction_en, @sender_name, @area_desc, sent, @effective, @onset, expires, geom
			FROM onemap.alert WHERE id = @id AND geom IS NOT NULL`,
			pgx.NamedArgs{"id": id, "event": i.Event, "category": strings.Join(i.Category, " "), "urgency": i.Urgency, "severity": i.Severity, "certainty": i.Certainty,
				"headline": i.Headline, "headline_en": en.Headline, "instruction": i.Instruction, "instruction_en": en.Instruction, "sender_name": i.SenderName,
				"area_desc": strings.Join(descs, "; "), "effective": begin, "onset": onset})
		if err != nil {
			return err
		}
	}
	event := "alert.issue"
	if m.MsgType == "Update" {
		event = "alert.update"
	}
	if err := s.tell(ctx, tx, event, id); err != nil {
		return err
	}
	if e := m.Expires(); !e.IsZero() {
		return s.endAt(ctx, tx, id, e)
	}
	return nil
}

// tell lets webhooks know.
func (s *Store) tell(ctx context.Context, tx pgx.Tx, event string, id int64) error {
	return s.Jobs.InsertTx(ctx, tx, hook.Event{Event: event, Alert: id, At: time.Now()}, nil)
}

func (s *Store) sender(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (string, error) {
	var name string
	err := db.QueryRow(ctx, `SELECT coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'alert.sender'), 'onemap@city.example')`).Scan(&name)
	if err != nil {
		return "", fmt.Errorf("sender of alerts: %w", err)
	}
	return name, nil
}

// wrap says what was attempted, and leaves what the caller may read as it is.
func wrap(what string, err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == "geom_valid" {
		return &layers.InputError{Field: "area", Remedy: "an area of more than a line"}
	}
	return access.Wrap(what, err)
}

func levelOrNull(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
