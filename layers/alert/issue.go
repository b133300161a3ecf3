package alert

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// A Draft is an alert to be issued, in Chinese and, where it is given, in English.
type Draft struct {
	Status      string // "": Actual
	Scope       string // "": Public
	Restriction string // for whom, where the scope is Restricted
	Addresses   string // for whom, where it is Private
	Categories  []string
	Responses   []string // CAP's responseType
	Urgency     string
	Severity    string // "": as the warning level says
	Certainty   string
	Levels      Levels
	Effective   time.Time // zero: now
	Onset       time.Time
	Expires     time.Time
	ZH, EN      Words
	SenderName  string // "": the organisation's name
	Web         string
	Note        string
	Areas       []DraftArea
}

// Words are what an alert says in one language. Event and Headline are needed;
// English may be left out as a whole.
type Words struct {
	Event, Headline, Description, Instruction, AreaDesc string
}

// A DraftArea is drawn, or a division by its code.
type DraftArea struct {
	Shape  orb.MultiPolygon // longitude and latitude of WGS 84, without holes
	Circle *Circle
	Code   string // an administrative division
}

// A Circle has its radius in kilometres.
type Circle struct {
	Middle orb.Point
	Km     float64
}

// Issue makes a message of d and puts it in force. It returns [access.ErrForbidden]
// for whoever is not of the command centre.
func (s *Store) Issue(ctx context.Context, by access.Scope, d Draft, address string) (Alert, feed.Cursor, error) {
	return s.issue(ctx, by, d, "Alert", "", address)
}

// Update issues a message in the place of one that is in force and was issued here.
func (s *Store) Update(ctx context.Context, by access.Scope, id int64, d Draft, address string) (Alert, feed.Cursor, error) {
	old, err := s.mine(ctx, by, id)
	if err != nil {
		return Alert{}, feed.Cursor{}, err
	}
	if d.Status == "" {
		d.Status = old.Message.Status
	}
	if d.Scope == "" {
		d.Scope, d.Restriction, d.Addresses = old.Message.Scope, old.Message.Restriction, old.Message.Addresses
	}
	return s.issue(ctx, by, d, "Update", old.refer(), address)
}

// Cancel issues the end of one that is in force and was issued here.
func (s *Store) Cancel(ctx context.Context, by access.Scope, id int64, note, address string) (Alert, feed.Cursor, error) {
	old, err := s.mine(ctx, by, id)
	if err != nil {
		return Alert{}, feed.Cursor{}, err
	}
	if strings.TrimSpace(note) == "" {
		return Alert{}, feed.Cursor{}, &layers.InputError{Field: "note", Remedy: "say why it is cancelled"}
	}
	m := Message{Identifier: newIdentifier(), Sender: old.Message.Sender, Sent: now(), Status: old.Message.Status, MsgType: "Cancel", Scope: old.Message.Scope,
		Restriction: old.Message.Restriction, Addresses: old.Message.Addresses, Note: note, References: old.refer(), Incidents: old.Message.Incidents}
	// Receivers show a cancelling message like any other: it says what is over.
	for _, i := range old.Message.Info {
		i.ResponseType, i.Urgency, i.Expires = []string{"AllClear"}, "Past", nil
		i.Effective, i.Onset, i.Instruction, i.Description = nil, nil, "", note
		m.Info = append(m.Info, i)
	}
	return s.put(ctx, by, m, old.Levels, address)
}

// mine returns an alert in force that was issued here.
func (s *Store) mine(ctx context.Context, by access.Scope, id int64) (Alert, error) {
	if err := by.Require(access.CommandCentre); err != nil {
		return Alert{}, err
	}
	a, err := s.Get(ctx, by, id)
	switch {
	case err != nil:
		return Alert{}, err
	case !a.Own:
		return Alert{}, fmt.Errorf("alert %d is %s's, who alone may change it: %w", id, a.Message.Sender, layers.ErrConflict)
	case a.State != InForce:
		return Alert{}, fmt.Errorf("alert %d is %s: %w", id, a.State, layers.ErrConflict)
	}
	return a, nil
}

// refer names an alert and all that it replaced, as CAP asks of an Update.
func (a Alert) refer() string {
	return strings.TrimSpace(a.Message.References + " " + fmt.Sprintf("%s,%s,%s", a.Message.Sender, a.Message.Identifier, a.Message.Sent.format()))
}

func (s *Store) issue(ctx context.Context, by access.Scope, d Draft, msgType, refs, address string) (Alert, feed.Cursor, error) {
	if err := by.Require(access.CommandCentre); err != nil {
		return Alert{}, feed.Cursor{}, err
	}
	sender, err := s.sender(ctx, s.Layers.DB())
	if err != nil {
		return Alert{}, feed.Cursor{}, err
	}
	m, err := s.message(ctx, by, d, sender)
	if err != nil {
		return Alert{}, feed.Cursor{}, err
	}
	m.MsgType, m.References = msgType, refs
	return s.put(ctx, by, m, d.Levels, address)
}

// put checks, writes and keeps a message of ours.
func (s *Store) put(ctx context.Context, by access.Scope, m Message, l Levels, address string) (Alert, feed.Cursor, error) {
	if err := m.Check(); err != nil {
		return Alert{}, feed.Cursor{}, err
	}
	text, err := Write(m)
	if err != nil {
		return Alert{}, feed.Cursor{}, err
	}
	a, at, _, err := s.keep(ctx, by, m, l, string(text), true, address)
	return a, at, err
}

// message makes a CAP message of a draft.
func (s *Store) message(ctx context.Context, by access.Scope, d Draft, sender string) (Message, error) {
	if err := d.Levels.check(); err != nil {
		return Message{}, err
	}
	if d.Severity == "" {
		d.Severity = d.Levels.severity()
	}
	if d.Expires.IsZero() || !d.Expires.After(time.Now()) {
		return Message{}, &layers.InputError{Field: "expires", Remedy: "when it is over, a time to come"}
	}
	if d.ZH.Event == "" || d.ZH.Headline == "" {
		return Message{}, &layers.InputError{Field: "zh", Remedy: "the event and a headline in Chinese"}
	}
	if d.EN != (Words{}) && (d.EN.Event == "" || d.EN.Headline == "") {
		return Message{}, &layers.InputError{Field: "en", Remedy: "the event and a headline, or no English at all"}
	}
	org := by.Org()
	m := Message{Identifier: newIdentifier(), Sender: sender, Sent: now(), Status: d.Status, Scope: d.Scope, Restriction: d.Restriction, Addresses: d.Addresses, Note: d.Note}
	if m.Status == "" {
		m.Status = "Actual"
	}
	if m.Scope == "" {
		m.Scope = "Public"
	}
	area, named, err := s.area(ctx, d)
	if err != nil {
		return Message{}, err
	}
	for _, lang := range []struct {
		tag, senderName, where string
		words                  Words
	}{{"zh-CN", org.NameZH, named.zh(), d.ZH}, {"en-US", org.NameEN, named.en(), d.EN}} {
		if lang.words == (Words{}) {
			continue
		}
		i := Info{Language: lang.tag, Category: d.Categories, Event: lang.words.Event, ResponseType: d.Responses, Urgency: d.Urgency, Severity: d.Severity,
			Certainty: d.Certainty, Effective: timeOrNil(d.Effective), Onset: timeOrNil(d.Onset), Expires: timeOrNil(d.Expires), SenderName: lang.senderName,
			Headline: lang.words.Headline, Description: lang.words.Description, Instruction: lang.words.Instruction, Web: d.Web, Parameter: d.Levels.parameters()}
		if d.SenderName != "" {
			i.SenderName = d.SenderName
		}
		a := area
		if a.Desc = lang.words.AreaDesc; a.Desc == "" {
			a.Desc = lang.where
		}
		i.Area = []Area{a}
		m.Info = append(m.Info, i)
	}
	return m, nil
}

// area writes a draft's areas as CAP does, with their names; which words say
// where it is, is each language's.
func (s *Store) area(ctx context.Context, d Draft) (a Area, named areaNames, err error) {
	if len(d.Areas) == 0 {
		return a, named, &layers.InputError{Field: "areas", Remedy: "for whom it is: polygons, circles or codes of divisions"}
	}
	for n, one := range d.Areas {
		field := fmt.Sprintf("areas[%d]", n)
		for _, p := range one.Shape {
			if len(p) != 1 {
				return a, named, &layers.InputError{Field: field + ".geometry", Remedy: "polygons without holes, which CAP does not have: draw two that meet"}
			}
			a.Polygon = append(a.Polygon, writeRing(p[0]))
		}
		if c := one.Circle; c != nil {
			a.Circle = append(a.Circle, fmt.Sprintf("%s %g", writeRing(orb.Ring{c.Middle}), c.Km))
		}
		if one.Code != "" {
			var g orb.MultiPolygon
			var zh, en string
			err := s.Layers.DB().QueryRow(ctx, `SELECT ST_Multi(ST_Simplify(geom, 0.00005)), name_zh, name_en FROM onemap.area WHERE code = @code AND geom IS NOT NULL`, pgx.NamedArgs{"code": one.Code}).Scan(&g, &zh, &en)
			if errors.Is(err, pgx.ErrNoRows) {
				return a, named, &layers.InputError{Field: field + ".code", Value: layers.Short(one.Code), Remedy: "the code of a division with an outline"}
			}
			if err != nil {
				return a, named, fmt.Errorf("outline of %s: %w", one.Code, err)
			}
			for _, p := range g {
				if len(p) > 0 && len(p[0]) >= 4 {
					a.Polygon = append(a.Polygon, writeRing(p[0]))
				}
			}
			a.Geocode = append(a.Geocode, Value{"areaCode", one.Code})
			named.add(zh, en, one.Code)
		} else {
			named.drawn = true
		}
	}
	return a, named, nil
}

// newIdentifier is unique in the world and says nothing of the city.
func newIdentifier() string { return "urn:uuid:" + uuid.NewString() }

// now in the city's usual offset: people read these times.
func now() Time { return Time{time.Now().In(time.FixedZone("", 8*3600)).Truncate(time.Second)} }

func timeOrNil(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	return &Time{t.Truncate(time.Second)}
}
