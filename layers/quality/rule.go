package quality

import "time"

// A Rule is one of a layer's rules.
type Rule struct {
	ID         int64          `json:"id,omitempty"`
	Layer      string         `json:"layer"`
	Indicator  string         `json:"indicator" doc:"Dimension and sub-indicator: accuracy.uniqueness" maxLength:"60"`
	Kind       string         `json:"kind" doc:"How it is tested: see the list of kinds" maxLength:"40"`
	Field      string         `json:"field,omitempty" doc:"The column it is about; absent: the row, or the layer" maxLength:"48"`
	Params     map[string]any `json:"params,omitempty" doc:"What the kind takes"`
	Condition  string         `json:"condition,omitempty" doc:"Which rows are assessed, in CQL2 text; absent: all" maxLength:"2000"`
	Weight     float64        `json:"weight" default:"1"`
	Quarantine bool           `json:"quarantine" doc:"An import keeps rows that fail it out of the layer"`
	TitleZH    string         `json:"title_zh" maxLength:"200"`
	TitleEN    string         `json:"title_en" maxLength:"200"`
	Basis      string         `json:"basis,omitempty" doc:"The standard or document behind it" maxLength:"500"`
	MadeBy     string         `json:"made_by,omitempty"`
	MadeAt     *time.Time     `json:"made_at,omitempty"`
	EndedAt    *time.Time     `json:"ended_at,omitempty"`
}
