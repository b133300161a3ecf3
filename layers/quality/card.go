package quality

import "time"

// A Card is what a run found, rule by rule, and what it comes to.
type Card struct {
	Run        int64            `json:"run"`
	Layer      string           `json:"layer"`
	Batch      int64            `json:"batch,omitempty" doc:"Of rows that an import brings; absent: of the layer as it stood"`
	At         time.Time        `json:"at"`
	Rows       int64            `json:"rows"`
	Score      *float64         `json:"score,omitempty" doc:"0 to 100, from the dimensions by their weights; absent: nothing was assessed"`
	Grade      int              `json:"grade,omitempty" doc:"1, the best, to 5"`
	Held       int64            `json:"held,omitempty" doc:"Rows that an import keeps out, for they fail a rule that says so"`
	TookMS     int              `json:"took_ms"`
	Dimensions []DimensionScore `json:"dimensions" nullable:"false"`
	Results    []Result         `json:"results" nullable:"false"`
}

// A Result is what a run found of one rule: X = A / B.
type Result struct {
	Rule    Rule     `json:"rule"`
	A       int64    `json:"a" doc:"Elements that meet the rule"`
	B       int64    `json:"b" doc:"Elements assessed"`
	X       *float64 `json:"x,omitempty" doc:"A / B; absent where B is 0"`
	Skipped string   `json:"skipped,omitempty" doc:"Why it was not assessed" enum:"no_column,no_table,no_right,too_slow,failed,not_here,"`
}

// A DimensionScore is what the rules of a dimension come to.
type DimensionScore struct {
	Dimension string   `json:"dimension" enum:"normative,completeness,accuracy,consistency,timeliness,accessibility"`
	A         int64    `json:"a" doc:"Sum over its rules"`
	B         int64    `json:"b" doc:"Sum over its rules"`
	X         *float64 `json:"x,omitempty" doc:"The mean of its rules' X by their weights; absent where nothing was assessed"`
	Rules     int      `json:"rules"`
}
