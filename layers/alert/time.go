package alert

import (
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
	"time"

	"onemap/layers"
)

// A Time is a CAP time: whole seconds with an offset, where UTC is -00:00 and
// never Z (3.3.2 of the standard). It keeps the offset that it came with, for
// references quote it.
type Time struct{ time.Time }

// format is how CAP writes t.
func (t Time) format() string {
	s := t.Time.Truncate(time.Second).Format("2006-01-02T15:04:05-07:00")
	return strings.Replace(s, "+00:00", "-00:00", 1)
}

func (t Time) MarshalText() ([]byte, error) { return []byte(t.format()), nil }
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(t.Time.Format(time.RFC3339)) }

// MarshalXML is said, as time.Time has a form of its own.
func (t Time) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(t.format(), start)
}

func (t *Time) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s string
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	return t.UnmarshalText([]byte(s))
}

func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	return t.UnmarshalText([]byte(s))
}

// capTime is the schema's pattern, and what real senders write besides: Z, and
// parts of a second.
var capTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([-+]\d\d:\d\d|Z)$`)

func (t *Time) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || !capTime.MatchString(s) || at.Year() < 1900 || at.Year() > 9999 {
		return &layers.InputError{Field: "time", Value: layers.Short(s), Remedy: "a time with its offset, 2026-07-01T08:00:00+08:00"}
	}
	t.Time = at.Truncate(time.Second)
	return nil
}
