package web

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The documents of GeoReport v2, each as XML and JSON.

// maybe is a text that JSON writes as null where there is none, as the
// standard's examples do.
type maybe string

func (m maybe) MarshalJSON() ([]byte, error) {
	if m == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(m))
}

type o311Discovery struct {
	XMLName    xml.Name       `xml:"discovery" json:"-"`
	Changeset  string         `xml:"changeset" json:"changeset"`
	Contact    string         `xml:"contact" json:"contact"`
	KeyService string         `xml:"key_service" json:"key_service"`
	Endpoints  []o311Endpoint `xml:"endpoints>endpoint" json:"endpoints"`
}

type o311Endpoint struct {
	Specification string   `xml:"specification" json:"specification"`
	URL           string   `xml:"url" json:"url"`
	Changeset     string   `xml:"changeset" json:"changeset"`
	Type          string   `xml:"type" json:"type"`
	Formats       []string `xml:"formats>format" json:"formats"`
}

type o311Services struct {
	XMLName xml.Name      `xml:"services"`
	All     []o311Service `xml:"service"`
}

type o311Service struct {
	Code        string `xml:"service_code" json:"service_code"`
	Name        string `xml:"service_name" json:"service_name"`
	Description string `xml:"description" json:"description"`
	Metadata    bool   `xml:"metadata" json:"metadata"`
	Type        string `xml:"type" json:"type"`
	Keywords    string `xml:"keywords" json:"keywords"`
	Group       string `xml:"group" json:"group"`
}

type o311Definition struct {
	XMLName    xml.Name        `xml:"service_definition" json:"-"`
	Code       string          `xml:"service_code" json:"service_code"`
	Attributes []o311Attribute `xml:"attributes>attribute" json:"attributes"`
}

type o311Attribute struct {
	Variable            bool        `xml:"variable" json:"variable"`
	Code                string      `xml:"code" json:"code"`
	Datatype            string      `xml:"datatype" json:"datatype"`
	Required            bool        `xml:"required" json:"required"`
	DatatypeDescription maybe       `xml:"datatype_description" json:"datatype_description"`
	Order               int         `xml:"order" json:"order"`
	Description         string      `xml:"description" json:"description"`
	Values              *o311Values `xml:"values" json:"values,omitempty"`
}

type o311Values []o311Value

type o311Value struct {
	Key  string `xml:"key" json:"key"`
	Name string `xml:"name" json:"name"`
}

func (v o311Values) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return e.EncodeElement(struct {
		Value []o311Value `xml:"value"`
	}{v}, start)
}

type o311Requests struct {
	XMLName xml.Name      `xml:"service_requests"`
	All     []o311Request `xml:"request"`
}

type o311Request struct {
	ID          string  `xml:"service_request_id" json:"service_request_id"`
	Status      string  `xml:"status" json:"status"`
	Notes       maybe   `xml:"status_notes" json:"status_notes"`
	Name        string  `xml:"service_name" json:"service_name"`
	Code        string  `xml:"service_code" json:"service_code"`
	Description maybe   `xml:"description" json:"description"`
	Agency      maybe   `xml:"agency_responsible" json:"agency_responsible"`
	Notice      maybe   `xml:"service_notice" json:"service_notice"`
	Requested   maybe   `xml:"requested_datetime" json:"requested_datetime"`
	Updated     maybe   `xml:"updated_datetime" json:"updated_datetime"`
	Expected    maybe   `xml:"expected_datetime" json:"expected_datetime"`
	Address     maybe   `xml:"address" json:"address"`
	AddressID   maybe   `xml:"address_id" json:"address_id"`
	Zipcode     maybe   `xml:"zipcode" json:"zipcode"`
	Lat         float64 `xml:"lat" json:"lat"`
	Long        float64 `xml:"long" json:"long"`
	Media       maybe   `xml:"media_url" json:"media_url"`
	State       maybe   `xml:"onemap_state" json:"onemap_state"` // an extension: the case's own state
}

type o311Made struct {
	XMLName xml.Name    `xml:"service_requests"`
	All     []o311MadeR `xml:"request"`
}

type o311MadeR struct {
	ID      string `xml:"service_request_id" json:"service_request_id"`
	Token   string `xml:"token,omitempty" json:"token,omitempty"`
	Notice  maybe  `xml:"service_notice" json:"service_notice"`
	Account maybe  `xml:"account_id" json:"account_id"`
}

type o311Tokens struct {
	XMLName xml.Name     `xml:"service_requests"`
	All     []o311TokenR `xml:"request"`
}

type o311TokenR struct {
	ID    string `xml:"service_request_id" json:"service_request_id"`
	Token string `xml:"token" json:"token"`
}

type o311Errors struct {
	XMLName xml.Name    `xml:"errors"`
	All     []o311Error `xml:"error"`
}

type o311Error struct {
	Code        int    `xml:"code" json:"code"`
	Description string `xml:"description" json:"description"`
}

// o311Format is "xml" or "json".
type o311Format string

// write writes a document: asXML has the root element, asJSON may be a bare list.
func (f o311Format) write(w http.ResponseWriter, r *http.Request, status int, asXML, asJSON any) error {
	var b []byte
	var err error
	kind := "application/json; charset=utf-8"
	if f == "xml" {
		kind = "text/xml; charset=utf-8"
		if b, err = xml.MarshalIndent(asXML, "", "  "); err == nil {
			b = append([]byte(xml.Header), b...)
		}
	} else {
		b, err = json.Marshal(asJSON)
	}
	if err != nil {
		return fmt.Errorf("write open311: %w", err)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b) // the client may have left
	}
	return nil
}

// w3time is the standard's form of a time.
func w3time(t time.Time) maybe {
	if t.IsZero() {
		return ""
	}
	return maybe(t.UTC().Format(time.RFC3339))
}

// readW3time reads one. In a query a plus of the offset often comes as a blank.
func readW3time(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, strings.Replace(s, " ", "+", 1))
	if err != nil || at.Year() < 1900 || at.Year() > 9000 {
		return time.Time{}, inputError(field, s, "a time with its offset: 2026-07-01T08:00:00Z")
	}
	return at, nil
}

func readNumber(field, s string, otherwise, most int) (int, error) {
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, inputError(field, s, fmt.Sprintf("1 to %d", most))
	}
	return n, nil
}
