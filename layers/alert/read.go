package alert

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"onemap/layers"
)

// MaxBytes is how large a message may be.
const MaxBytes = 1 << 20

// maxDepth is how deep elements may stand in each other; CAP's own stand four deep.
const maxDepth = 12

// Read reads a CAP 1.2 message and checks it by the schema and the standard's
// text. What is wrong is a [layers.InputError] that names the element.
func Read(b []byte) (Message, error) {
	if len(b) > MaxBytes {
		return Message{}, &layers.InputError{Field: "alert", Remedy: fmt.Sprintf("at most %d bytes", MaxBytes)}
	}
	if !utf8.Valid(b) {
		return Message{}, &layers.InputError{Field: "alert", Remedy: "XML in UTF-8"}
	}
	if err := looksSafe(b); err != nil {
		return Message{}, err
	}
	var m Message
	d := xml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&m); err != nil {
		var input *layers.InputError
		if errors.As(err, &input) {
			return Message{}, input
		}
		return Message{}, &layers.InputError{Field: "alert", Remedy: "a CAP 1.2 alert, of the namespace " + Namespace + atLine(err)}
	}
	m.tidy()
	return m, m.Check()
}

func atLine(err error) string {
	var s *xml.SyntaxError
	if errors.As(err, &s) {
		return fmt.Sprintf("; line %d is not well-formed", s.Line)
	}
	return ""
}

// looksSafe walks over the tokens: no document type (and so no entities of its
// own), no deep nest, nothing after the alert.
func looksSafe(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	depth, roots := 0, 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &layers.InputError{Field: "alert", Remedy: "well-formed XML in UTF-8" + atLine(err)}
		}
		switch t := t.(type) {
		case xml.Directive:
			return &layers.InputError{Field: "alert", Remedy: "XML without a document type: it may define nothing"}
		case xml.ProcInst:
			if enc := strings.ToLower(string(t.Inst)); t.Target == "xml" && strings.Contains(enc, "encoding") && !strings.Contains(enc, "utf-8") {
				return &layers.InputError{Field: "alert", Remedy: "XML in UTF-8"}
			}
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxDepth || roots > 1 {
			return &layers.InputError{Field: "alert", Remedy: "one CAP alert"}
		}
	}
	return nil
}

// tidy takes away the blanks around values, which XML's writers like to add.
func (m *Message) tidy() {
	t := func(all ...*string) {
		for _, s := range all {
			*s = strings.TrimSpace(*s)
		}
	}
	list := func(ss []string) {
		for i := range ss {
			ss[i] = strings.TrimSpace(ss[i])
		}
	}
	values := func(vs []Value) {
		for i := range vs {
			t(&vs[i].Name, &vs[i].Value)
		}
	}
	t(&m.Identifier, &m.Sender, &m.Status, &m.MsgType, &m.Source, &m.Scope, &m.Restriction, &m.Addresses, &m.Note, &m.References, &m.Incidents)
	list(m.Code)
	for n := range m.Info {
		i := &m.Info[n]
		t(&i.Language, &i.Event, &i.Urgency, &i.Severity, &i.Certainty, &i.Audience, &i.SenderName, &i.Headline, &i.Description, &i.Instruction, &i.Web, &i.Contact)
		list(i.Category)
		list(i.ResponseType)
		values(i.EventCode)
		values(i.Parameter)
		// Chinese senders write the colour where CAP has its severity: it is
		// kept as a parameter, and CAP's word put in its place.
		if c := colour(lower(i.Severity)); c > 0 {
			i.Severity = severities[c-1]
			if levelsOf(Message{Info: []Info{*i}}).Warning == 0 {
				i.Parameter = append(i.Parameter, Value{paramWarning, Colours[c-1]})
			}
		}
		for k := range i.Area {
			a := &i.Area[k]
			t(&a.Desc, &a.Altitude, &a.Ceiling)
			values(a.Geocode)
		}
	}
}

// Check says what of m is not as CAP 1.2 has it, as a [layers.InputError].
func (m Message) Check() error {
	if err := name("identifier", m.Identifier); err != nil {
		return err
	}
	if err := name("sender", m.Sender); err != nil {
		return err
	}
	if m.Sent.IsZero() {
		return &layers.InputError{Field: "sent", Remedy: "when it was sent, 2026-07-01T08:00:00+08:00"}
	}
	for _, e := range []struct {
		field, value string
		of           []string
	}{{"status", m.Status, statuses}, {"msgType", m.MsgType, msgTypes}, {"scope", m.Scope, scopes}} {
		if !slices.Contains(e.of, e.value) {
			return notOf(e.field, e.value, e.of)
		}
	}
	switch {
	case m.Scope == "Restricted" && m.Restriction == "":
		return &layers.InputError{Field: "restriction", Remedy: "for whom it is, as its scope is Restricted"}
	case m.Scope == "Private" && m.Addresses == "":
		return &layers.InputError{Field: "addresses", Remedy: "for whom it is, as its scope is Private"}
	case m.MsgType != "Alert" && m.References == "":
		return &layers.InputError{Field: "references", Remedy: "which messages it is about: sender,identifier,sent of each"}
	case m.MsgType == "Error" && m.Note == "":
		return &layers.InputError{Field: "note", Remedy: "what was wrong, in a message of type Error"}
	case len(m.Info) == 0 && (m.MsgType == "Alert" || m.MsgType == "Update"):
		return &layers.InputError{Field: "info", Remedy: "what it is about: one info at least"}
	case len(m.Info) > 20:
		return &layers.InputError{Field: "info", Remedy: "at most 20"}
	}
	if _, err := references(m.References); err != nil {
		return err
	}
	for n, i := range m.Info {
		if err := i.check(fmt.Sprintf("info[%d]", n), m.Sent); err != nil {
			return err
		}
	}
	return m.checkTexts()
}

func (i Info) check(field string, sent Time) error {
	if len(i.Category) == 0 {
		return notOf(field+".category", "", categories)
	}
	for _, c := range i.Category {
		if !slices.Contains(categories, c) {
			return notOf(field+".category", c, categories)
		}
	}
	for _, r := range i.ResponseType {
		if !slices.Contains(responseTypes, r) {
			return notOf(field+".responseType", r, responseTypes)
		}
	}
	if i.Event == "" {
		return &layers.InputError{Field: field + ".event", Remedy: "what happens, in words"}
	}
	for _, e := range []struct {
		field, value string
		of           []string
	}{{".urgency", i.Urgency, urgencies}, {".severity", i.Severity, severities}, {".certainty", i.Certainty, certainties}} {
		if !slices.Contains(e.of, e.value) {
			return notOf(field+e.field, e.value, e.of)
		}
	}
	begin := sent.Time
	if i.Effective != nil {
		begin = i.Effective.Time
	}
	if i.Expires != nil && !i.Expires.After(begin) {
		return &layers.InputError{Field: field + ".expires", Value: i.Expires.format(), Remedy: "after it takes effect, " + Time{begin}.format()}
	}
	if i.Web != "" && !strings.HasPrefix(i.Web, "https://") && !strings.HasPrefix(i.Web, "http://") {
		return &layers.InputError{Field: field + ".web", Value: layers.Short(i.Web), Remedy: "an address that begins with https:// or http://"}
	}
	for k, a := range i.Area {
		if a.Desc == "" {
			return &layers.InputError{Field: fmt.Sprintf("%s.area[%d].areaDesc", field, k), Remedy: "the area in words"}
		}
		if a.Ceiling != "" && a.Altitude == "" {
			return &layers.InputError{Field: fmt.Sprintf("%s.area[%d].ceiling", field, k), Remedy: "an altitude with it"}
		}
		for _, v := range []string{a.Altitude, a.Ceiling} {
			if _, err := strconv.ParseFloat(v, 64); v != "" && err != nil {
				return &layers.InputError{Field: fmt.Sprintf("%s.area[%d].altitude", field, k), Value: layers.Short(v), Remedy: "feet above mean sea level"}
			}
		}
	}
	_, err := outline(field, i.Area)
	return err
}

// checkTexts bounds every text. XML has no character NUL, JSON has.
func (m Message) checkTexts() error {
	texts := map[string]string{"source": m.Source, "restriction": m.Restriction, "addresses": m.Addresses, "note": m.Note, "incidents": m.Incidents}
	for n, i := range m.Info {
		f := fmt.Sprintf("info[%d].", n)
		for k, v := range map[string]string{"language": i.Language, "event": i.Event, "audience": i.Audience, "senderName": i.SenderName, "headline": i.Headline,
			"description": i.Description, "instruction": i.Instruction, "web": i.Web, "contact": i.Contact} {
			texts[f+k] = v
		}
		for k, a := range i.Area {
			texts[fmt.Sprintf("%sarea[%d].areaDesc", f, k)] = a.Desc
		}
	}
	for field, s := range texts {
		if n := utf8.RuneCountInString(s); n > 10_000 {
			return &layers.InputError{Field: field, Remedy: fmt.Sprintf("at most 10000 characters (it has %d)", n)}
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0xFFFE || r == 0xFFFF }) || !utf8.ValidString(s) {
			return &layers.InputError{Field: field, Remedy: "text without control characters"}
		}
	}
	return nil
}

// name checks an identifier or a sender: no blanks, commas, < or &.
func name(field, s string) error {
	if s == "" || utf8.RuneCountInString(s) > 200 || strings.ContainsAny(s, " ,<&\t\r\n") || strings.ContainsRune(s, 0) {
		return &layers.InputError{Field: field, Value: layers.Short(s), Remedy: "1 to 200 characters without blanks, commas, < and &"}
	}
	return nil
}

func notOf(field, value string, of []string) error {
	return &layers.InputError{Field: field, Value: layers.Short(value), Remedy: "one of " + strings.Join(of, ", ")}
}

// A reference names a message of somebody.
type reference struct {
	Sender, Identifier string
	Sent               Time
}

// references reads "sender,identifier,sent sender,identifier,sent …".
func references(s string) ([]reference, error) {
	var all []reference
	for _, one := range strings.Fields(s) {
		p := strings.Split(one, ",")
		if len(p) != 3 || p[0] == "" || p[1] == "" {
			return nil, &layers.InputError{Field: "references", Value: layers.Short(one), Remedy: "sender,identifier,sent of each message, with blanks between"}
		}
		r := reference{Sender: p[0], Identifier: p[1]}
		if err := r.Sent.UnmarshalText([]byte(p[2])); err != nil {
			return nil, &layers.InputError{Field: "references", Value: layers.Short(one), Remedy: "sender,identifier,sent, the time as in the message"}
		}
		all = append(all, r)
	}
	if len(all) > 100 {
		return nil, &layers.InputError{Field: "references", Remedy: "at most 100"}
	}
	return all, nil
}

// Outline is where the message applies, all infos together: most often they
// say the same in other languages.
func (m Message) Outline() (orb.MultiPolygon, error) {
	var all orb.MultiPolygon
	seen := map[string]bool{}
	for n, i := range m.Info {
		g, err := outline(fmt.Sprintf("info[%d]", n), i.Area)
		if err != nil {
			return nil, err
		}
		for _, p := range g {
			if key := writeRing(p[0]); !seen[key] {
				seen[key] = true
				all = append(all, p)
			}
		}
	}
	return all, nil
}

func lower(s string) string { return strings.ToLower(s) }
