package class

import "time"

// A Rule says whose matter a class is (权责清单). It is for one grid, for a
// division, or for the class everywhere.
type Rule struct {
	ID       int64      `json:"id"`
	Standard string     `json:"standard"`
	Code     string     `json:"code" doc:"Of the matter's class"`
	Grid     string     `json:"grid_code" doc:"A unit, responsibility or community grid; empty: any"`
	Area     string     `json:"area_code" doc:"The beginning of an administrative code; empty: any"`
	Dept     string     `json:"dept"`
	DeptZH   string     `json:"dept_zh"`
	DeptEN   string     `json:"dept_en"`
	Learnt   bool       `json:"learnt" doc:"From a decision of the command centre"`
	Incident int64      `json:"incident,omitempty" doc:"The case whose decision taught it"`
	Reason   string     `json:"reason"`
	By       string     `json:"made_by"`
	At       time.Time  `json:"made_at"`
	Ended    *time.Time `json:"ended_at,omitempty"`
}
