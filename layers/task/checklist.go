package task

import "time"

// A Checklist of visits, in one of its versions.
type Checklist struct {
	Code       string          `json:"code" pattern:"^[a-z0-9][a-z0-9_-]{0,39}$"`
	Version    int             `json:"version"`
	NameZH     string          `json:"name_zh"`
	NameEN     string          `json:"name_en"`
	Industries []string        `json:"industries" nullable:"false" doc:"Of the enterprises that it is for; empty: of those that no other is for"`
	Active     bool            `json:"active"`
	MadeBy     string          `json:"made_by"`
	MadeAt     time.Time       `json:"made_at"`
	Items      []ChecklistItem `json:"items" nullable:"false" doc:"In their order"`
}

// A ChecklistItem is one of a checklist.
type ChecklistItem struct {
	Code      string   `json:"code" pattern:"^[0-9A-Za-z._-]{1,24}$"`
	TextZH    string   `json:"text_zh" minLength:"1" maxLength:"500"`
	TextEN    string   `json:"text_en,omitempty" maxLength:"1000"`
	Kind      string   `json:"kind" enum:"yes_no,number,text,photo" doc:"A yes_no item fails with no; a number outside of at_least and at_most"`
	Required  bool     `json:"required,omitempty"`
	AtLeast   *float64 `json:"at_least,omitempty"`
	AtMost    *float64 `json:"at_most,omitempty"`
	Law       string   `json:"law,omitempty" maxLength:"200" doc:"Where it comes from"`
	FailOpens string   `json:"fail_opens,omitempty" enum:"general,major," doc:"The hazard that a failure suggests; empty: a failure opens none"`
}
