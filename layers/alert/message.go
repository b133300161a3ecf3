// Package alert is warnings to the public and between authorities (预警), as
// messages of the Common Alerting Protocol 1.2 (OASIS; ITU-T X.1303): issued
// here, received from others, and shown on the map while they are in force.
//
// A message is never changed. An Update or Cancel is a message of its own that
// names those it ends; what is in force follows from them. The layer "alert"
// holds what is in force, public and actual: exercises, tests and restricted
// messages are kept and listed for staff, and never drawn.
//
// Three levels are three fields: how grave the event is (事件等级), which colour
// is warned with (预警级别: red, orange, yellow, blue), how the city responds
// (响应等级). CAP's severity is a fourth thing; where it is left out it follows
// from the colour, and the colour goes out as a parameter.
//
// Places in CAP are latitude and longitude of WGS 84; in onemap longitude and
// latitude. They are turned in place.go and nowhere else.
package alert

import (
	"encoding/xml"
	"slices"
	"time"
)

// Namespace of CAP 1.2.
const Namespace = "urn:oasis:names:tc:emergency:cap:1.2"

// A Message is one CAP alert. Its fields are in the order of the schema.
type Message struct {
	XMLName     xml.Name `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert" json:"-"`
	Identifier  string   `xml:"identifier" json:"identifier"`
	Sender      string   `xml:"sender" json:"sender"`
	Sent        Time     `xml:"sent" json:"sent"`
	Status      string   `xml:"status" json:"status"`
	MsgType     string   `xml:"msgType" json:"msg_type"`
	Source      string   `xml:"source,omitempty" json:"source,omitempty"`
	Scope       string   `xml:"scope" json:"scope"`
	Restriction string   `xml:"restriction,omitempty" json:"restriction,omitempty"`
	Addresses   string   `xml:"addresses,omitempty" json:"addresses,omitempty"`
	Code        []string `xml:"code,omitempty" json:"code,omitempty"`
	Note        string   `xml:"note,omitempty" json:"note,omitempty"`
	References  string   `xml:"references,omitempty" json:"references,omitempty"` // sender,identifier,sent with blanks between
	Incidents   string   `xml:"incidents,omitempty" json:"incidents,omitempty"`
	Info        []Info   `xml:"info" json:"info"`
}

// An Info says what the alert is about, in one language.
type Info struct {
	Language     string     `xml:"language,omitempty" json:"language,omitempty"` // RFC 3066; "" is en-US
	Category     []string   `xml:"category" json:"category"`
	Event        string     `xml:"event" json:"event"`
	ResponseType []string   `xml:"responseType,omitempty" json:"response_type,omitempty"`
	Urgency      string     `xml:"urgency" json:"urgency"`
	Severity     string     `xml:"severity" json:"severity"`
	Certainty    string     `xml:"certainty" json:"certainty"`
	Audience     string     `xml:"audience,omitempty" json:"audience,omitempty"`
	EventCode    []Value    `xml:"eventCode,omitempty" json:"event_code,omitempty"`
	Effective    *Time      `xml:"effective,omitempty" json:"effective,omitempty"`
	Onset        *Time      `xml:"onset,omitempty" json:"onset,omitempty"`
	Expires      *Time      `xml:"expires,omitempty" json:"expires,omitempty"`
	SenderName   string     `xml:"senderName,omitempty" json:"sender_name,omitempty"`
	Headline     string     `xml:"headline,omitempty" json:"headline,omitempty"`
	Description  string     `xml:"description,omitempty" json:"description,omitempty"`
	Instruction  string     `xml:"instruction,omitempty" json:"instruction,omitempty"`
	Web          string     `xml:"web,omitempty" json:"web,omitempty"`
	Contact      string     `xml:"contact,omitempty" json:"contact,omitempty"`
	Parameter    []Value    `xml:"parameter,omitempty" json:"parameter,omitempty"`
	Resource     []Resource `xml:"resource,omitempty" json:"resource,omitempty"`
	Area         []Area     `xml:"area,omitempty" json:"area,omitempty"`
}

// A Value is a named value of somebody's own list.
type Value struct {
	Name  string `xml:"valueName" json:"name"`
	Value string `xml:"value" json:"value"`
}

// A Resource is a file beside an info. Its content is kept and not looked at.
type Resource struct {
	Desc     string `xml:"resourceDesc" json:"desc"`
	MimeType string `xml:"mimeType" json:"mime_type"`
	Size     string `xml:"size,omitempty" json:"size,omitempty"`
	URI      string `xml:"uri,omitempty" json:"uri,omitempty"`
	DerefURI string `xml:"derefUri,omitempty" json:"deref_uri,omitempty"`
	Digest   string `xml:"digest,omitempty" json:"digest,omitempty"`
}

// An Area is whom the alert is for: those in it, not where the event is.
type Area struct {
	Desc     string   `xml:"areaDesc" json:"desc"`
	Polygon  []string `xml:"polygon,omitempty" json:"polygon,omitempty"` // "lat,lon lat,lon …", closed
	Circle   []string `xml:"circle,omitempty" json:"circle,omitempty"`   // "lat,lon radius", the radius in kilometres
	Geocode  []Value  `xml:"geocode,omitempty" json:"geocode,omitempty"`
	Altitude string   `xml:"altitude,omitempty" json:"altitude,omitempty"` // feet above mean sea level
	Ceiling  string   `xml:"ceiling,omitempty" json:"ceiling,omitempty"`
}

// Enumerations of CAP 1.2.
var (
	statuses      = []string{"Actual", "Exercise", "System", "Test", "Draft"}
	msgTypes      = []string{"Alert", "Update", "Cancel", "Ack", "Error"}
	scopes        = []string{"Public", "Restricted", "Private"}
	categories    = []string{"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"}
	responseTypes = []string{"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"}
	urgencies     = []string{"Immediate", "Expected", "Future", "Past", "Unknown"}
	severities    = []string{"Extreme", "Severe", "Moderate", "Minor", "Unknown"}
	certainties   = []string{"Observed", "Likely", "Possible", "Unlikely", "Unknown"}
)

// Names of the parameters that carry the three levels, and the colour's values.
const (
	paramWarning  = "onemap:warningLevel"  // 预警级别, a colour
	paramEvent    = "onemap:eventLevel"    // 事件等级, 1 to 4
	paramResponse = "onemap:responseLevel" // 响应等级, 1 to 4
)

// Colours of the warning levels 1 to 4.
var Colours = [4]string{"Red", "Orange", "Yellow", "Blue"}

// colourNames are what senders call them; a parameter of any name with
// "severity", "color", "colour" or "level" in it is looked at too.
var colourNames = [4][]string{{"red", "红", "红色"}, {"orange", "橙", "橙色"}, {"yellow", "黄", "黄色"}, {"blue", "蓝", "蓝色"}}

// Expires is when the message is over: the last end of its infos; zero where
// one of them has none, or there is no info.
func (m Message) Expires() time.Time {
	var last time.Time
	for _, i := range m.Info {
		if i.Expires == nil {
			return time.Time{}
		}
		if i.Expires.After(last) {
			last = i.Expires.Time
		}
	}
	return last
}

// In returns the info in a language, by its first two letters; else the first.
func (m Message) In(language string) (Info, bool) {
	i := slices.IndexFunc(m.Info, func(i Info) bool { return primary(i.Language) == language })
	if i >= 0 {
		return m.Info[i], true
	}
	if len(m.Info) == 0 {
		return Info{}, false
	}
	return m.Info[0], false
}

// primary is the language of a tag: "zh" of "zh-CN".
func primary(tag string) string {
	if tag == "" {
		return "en"
	}
	for i, r := range tag {
		if r == '-' || r == '_' {
			return lower(tag[:i])
		}
	}
	return lower(tag)
}
