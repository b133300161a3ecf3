package task

import (
	"time"

	"github.com/google/uuid"
)

// A PatrolSchedule is a patrol that comes again: each of its days gets a task.
type PatrolSchedule struct {
	ID       int64           `json:"id"`
	Title    string          `json:"title"`
	Dept     string          `json:"dept_code,omitempty"`
	Person   string          `json:"person,omitempty" doc:"Login; absent: any worker of its grid"`
	Grid     string          `json:"grid_code"`
	Area     string          `json:"area_code"`
	Weekdays []int           `json:"weekdays" nullable:"false" doc:"1 Monday to 7 Sunday"`
	From     string          `json:"from_time" doc:"Of the city's clock, 08:00"`
	Until    string          `json:"until_time" doc:"When it is due"`
	Points   []SchedulePoint `json:"points" nullable:"false"`
	MadeBy   string          `json:"made_by"`
	MadeAt   time.Time       `json:"made_at"`
	EndsOn   string          `json:"ends_on,omitempty" format:"date" doc:"Its last day"`
}

// A SchedulePoint is a point of a patrol that comes again.
type SchedulePoint struct {
	Title string  `json:"title"`
	Lon   float64 `json:"lon"`
	Lat   float64 `json:"lat"`
	NearM float64 `json:"near_m"`
}

// A ScheduleDraft is a schedule to be made.
type ScheduleDraft struct {
	UUID        uuid.UUID // made by the client, may be uuid.Nil
	Title       string
	Person      string
	Grid        string
	Weekdays    []int
	From, Until string // "08:00"; "": the whole day
	EndsOn      string // a date; "": until it is ended
	Points      []PointDraft
	Address     string
}
