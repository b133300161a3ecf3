package web

import (
	"context"
	"time"

	"github.com/google/uuid"

	"onemap/layers/access"
	"onemap/layers/locate"
	"onemap/layers/task"
)

var (
	// onlyField are those who do work in the field, or have it done.
	onlyField = only(access.GridWorker, access.CommandCentre, access.Acceptor, access.ShiftLeader, access.Dispatcher, access.DepartmentOfficer, access.Planner)
	// onlyPlanners are those who make patrols.
	onlyPlanners = only(access.CommandCentre, access.DepartmentOfficer, access.Planner)
)

// maxTaskBody is how large a result may be: a checklist with all its notes.
const maxTaskBody = 256 << 10

type tasksInput struct {
	Mine       bool    `query:"mine" doc:"Those that I am to do, or may: mine, or of my grids and nobody's"`
	Open       bool    `query:"open" doc:"Neither done nor cancelled"`
	Kind       string  `query:"kind" enum:"verify,check,patrol,visit,recheck"`
	Grid       string  `query:"grid" maxLength:"40" doc:"In this grid, or in one that it is made of"`
	Person     string  `query:"person" maxLength:"63" doc:"Login"`
	Incident   int64   `query:"incident" minimum:"1"`
	Enterprise int64   `query:"enterprise" minimum:"1"`
	Lon        float64 `query:"lon" minimum:"-180" maximum:"180" doc:"Where I am, degrees of EPSG:4326; with lat, tasks say how far they are"`
	Lat        float64 `query:"lat" minimum:"-90" maximum:"90"`
	Sort       string  `query:"sort" enum:"clock,distance" default:"clock" doc:"clock: what is due first; distance: the nearest, without pages; it needs lon and lat"`
	Page       string  `query:"page" maxLength:"100" doc:"What an earlier answer called next"`
	Limit      int     `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type tasksOutput struct {
	Body struct {
		Tasks []task.Task `json:"tasks" nullable:"false"`
		Next  string      `json:"next,omitempty" doc:"Send it as page for those after them; absent at the end"`
	}
}

func (s *Server) listTasks(ctx context.Context, in *tasksInput) (*tasksOutput, error) {
	q := task.Query{Mine: in.Mine, Open: in.Open, Kind: in.Kind, Grid: in.Grid, Person: in.Person, Incident: in.Incident, Enterprise: in.Enterprise,
		ByDistance: in.Sort == "distance", Page: in.Page, Limit: in.Limit}
	if in.Lon != 0 || in.Lat != 0 {
		q.Near = &task.Near{Lon: in.Lon, Lat: in.Lat}
	}
	out := &tasksOutput{}
	var err error
	out.Body.Tasks, out.Body.Next, err = s.Tasks.List(ctx, scopeOf(ctx), q)
	if out.Body.Tasks == nil {
		out.Body.Tasks = []task.Task{}
	}
	return out, err
}

type taskInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type taskBody struct {
	Cursor string `json:"cursor,omitempty" doc:"After a write: the place in the log that holds it"`
	task.Task
}

type taskOutput struct {
	Status int
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
	Body   taskBody
}

func (s *Server) getTask(ctx context.Context, in *taskInput) (*taskOutput, error) {
	t, err := s.Tasks.Get(ctx, scopeOf(ctx), in.ID)
	return &taskOutput{Status: 200, Body: taskBody{"", t}}, err
}

type pointDraft struct {
	Title string    `json:"title,omitempty" maxLength:"200"`
	Place PlaceBody `json:"place"`
	NearM float64   `json:"near_m,omitempty" minimum:"0" maximum:"2000" doc:"A visit within these metres counts as at the point; left out: the setting patrol.near_m"`
}

func pointDrafts(bs []pointDraft) []task.PointDraft {
	var out []task.PointDraft
	for _, b := range bs {
		out = append(out, task.PointDraft{Title: b.Title, At: locate.Place(b.Place.place()), NearM: b.NearM})
	}
	return out
}

type createTaskInput struct {
	Request
	Body struct {
		UUID       string       `json:"uuid,omitempty" format:"uuid" doc:"Made by the client; made again with it, it is the same task"`
		Kind       string       `json:"kind" enum:"patrol,visit" doc:"The other kinds are made by their case or hazard"`
		Title      string       `json:"title,omitempty" maxLength:"200"`
		Person     string       `json:"person,omitempty" maxLength:"63" doc:"Login of a grid worker; left out: any of the grid"`
		Grid       string       `json:"grid_code,omitempty" maxLength:"40" doc:"Left out: where the enterprise or the first point is"`
		DueAt      *time.Time   `json:"due_at,omitempty"`
		Enterprise int64        `json:"enterprise,omitempty" minimum:"1" doc:"Of a visit"`
		Checklist  string       `json:"checklist,omitempty" maxLength:"40" doc:"Of a visit; left out: the one for the enterprise's industry"`
		Points     []pointDraft `json:"points,omitempty" maxItems:"200" doc:"Of a patrol, in their order"`
	}
}

func (s *Server) createTask(ctx context.Context, in *createTaskInput) (*taskOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	d := task.Draft{UUID: id, Kind: b.Kind, Title: b.Title, Person: b.Person, Grid: b.Grid, Enterprise: b.Enterprise, Checklist: b.Checklist,
		Points: pointDrafts(b.Points), Address: clientAddress(in.r)}
	if b.DueAt != nil {
		d.DueAt = *b.DueAt
	}
	t, at, again, err := s.Tasks.Create(ctx, scopeOf(ctx), d)
	if err != nil {
		return nil, err
	}
	out := &taskOutput{Status: 201, Cursor: at.String(), Body: taskBody{at.String(), t}}
	if again {
		out.Status = 200
	}
	return out, nil
}

// clientUUID reads a UUID that may be left out.
func clientUUID(s string) (uuid.UUID, error) {
	if s == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(s)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, inputError("uuid", s, "a UUID, new for each thing that is sent, kept when it is sent again")
	}
	return id, nil
}

// placeWithAccuracy is where a phone was, if it knew.
type placeWithAccuracy struct {
	PlaceBody
	AccuracyM float64 `json:"accuracy_m,omitempty" minimum:"0" maximum:"1000000" doc:"Metres, as the device says"`
}

func (p *placeWithAccuracy) at() (*locate.Place, float64) {
	if p == nil {
		return nil, 0
	}
	at := locate.Place(p.place())
	return &at, p.AccuracyM
}

type pointVisitBody struct {
	UUID     string             `json:"uuid,omitempty" format:"uuid" doc:"Made by the client; sent again, it is the same visit. Needed where the visit is sent alone"`
	N        int                `json:"n" minimum:"1" maximum:"200" doc:"The point's number"`
	Skipped  string             `json:"skipped,omitempty" maxLength:"500" doc:"Why it was left out; absent: it was visited"`
	Note     string             `json:"note,omitempty" maxLength:"2000"`
	ClientAt *time.Time         `json:"client_at,omitempty" doc:"By the phone's clock; kept, never counted with"`
	Place    *placeWithAccuracy `json:"place,omitempty" doc:"Where the phone was; absent: it did not know"`
	Photos   []photoBody        `json:"photos,omitempty" maxItems:"5"`
}

func (b pointVisitBody) visit(address string) (task.PointVisit, error) {
	id, err := clientUUID(b.UUID)
	v := task.PointVisit{UUID: id, N: b.N, Skipped: b.Skipped, Note: b.Note, Photos: photosOf(b.Photos), Address: address}
	v.At, v.Accuracy = b.Place.at()
	if b.ClientAt != nil {
		v.ClientAt = *b.ClientAt
	}
	return v, err
}

type pointInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body pointVisitBody
}

func (s *Server) visitPoint(ctx context.Context, in *pointInput) (*taskOutput, error) {
	v, err := in.Body.visit(clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	t, at, _, err := s.Tasks.VisitPoint(ctx, scopeOf(ctx), in.ID, v)
	return &taskOutput{Status: 200, Cursor: at.String(), Body: taskBody{at.String(), t}}, err
}

type answerBody struct {
	Item   string        `json:"item" maxLength:"24"`
	Value  string        `json:"value,omitempty" maxLength:"2000" doc:"yes, no, na (does not apply); a number; words; nothing for a photo"`
	Note   string        `json:"note,omitempty" maxLength:"2000"`
	Level  string        `json:"level,omitempty" enum:"general,major" doc:"Of the hazard that a failed item opens; left out: as the item suggests"`
	Plan   *proposalBody `json:"plan,omitempty" doc:"For that hazard: how it should be rectified (五落实), as far as the worker can say; the assessment decides"`
	Photos []photoBody   `json:"photos,omitempty" maxItems:"5"`
}

type resultInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		UUID      string             `json:"uuid" format:"uuid" doc:"Made by the client; sent again, it is the same result"`
		Result    string             `json:"result" enum:"true,false,unknown,passed,failed,done" doc:"One of the task's results"`
		Opinion   string             `json:"opinion,omitempty" maxLength:"2000" doc:"Needed for failed and unknown"`
		ClientAt  *time.Time         `json:"client_at,omitempty" doc:"By the phone's clock; kept, never counted with"`
		Place     *placeWithAccuracy `json:"place,omitempty" doc:"Where the phone was; absent: it did not know"`
		Photos    []photoBody        `json:"photos,omitempty" maxItems:"20"`
		Points    []pointVisitBody   `json:"points,omitempty" maxItems:"200" doc:"Of a patrol: the points not yet sent"`
		Checklist string             `json:"checklist,omitempty" maxLength:"40" doc:"Of a visit: the code of the list that was answered; left out: the task's"`
		Version   int                `json:"checklist_version,omitempty" minimum:"1" doc:"And its version, as the phone had it"`
		Answers   []answerBody       `json:"answers,omitempty" maxItems:"500"`
	}
}

func (s *Server) finishTask(ctx context.Context, in *resultInput) (*taskOutput, error) {
	b := in.Body
	id, err := clientUUID(b.UUID)
	if err != nil {
		return nil, err
	}
	address := clientAddress(in.r)
	r := task.Result{UUID: id, Result: b.Result, Opinion: b.Opinion, Photos: photosOf(b.Photos), List: b.Checklist, Version: b.Version, Address: address}
	r.At, r.Accuracy = b.Place.at()
	if b.ClientAt != nil {
		r.ClientAt = *b.ClientAt
	}
	for _, p := range b.Points {
		v, err := p.visit(address)
		if err != nil {
			return nil, err
		}
		r.Points = append(r.Points, v)
	}
	for _, a := range b.Answers {
		r.Answers = append(r.Answers, task.AnswerDraft{Item: a.Item, Value: a.Value, Note: a.Note, Level: a.Level, Plan: a.Plan.proposal(), Photos: photosOf(a.Photos)})
	}
	t, at, _, err := s.Tasks.Finish(ctx, scopeOf(ctx), in.ID, r)
	return &taskOutput{Status: 200, Cursor: at.String(), Body: taskBody{at.String(), t}}, err
}

type changeTaskInput struct {
	Request
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Action  string `json:"action" enum:"assign,cancel"`
		Version int    `json:"version" minimum:"1" doc:"Of the task as the caller saw it"`
		Person  string `json:"person,omitempty" maxLength:"63" doc:"For assign: login of a grid worker; left out: any of the grid"`
		Opinion string `json:"opinion,omitempty" maxLength:"2000" doc:"The reason; needed for cancel"`
	}
}

func (s *Server) changeTask(ctx context.Context, in *changeTaskInput) (*taskOutput, error) {
	b := in.Body
	t, at, err := s.Tasks.Change(ctx, scopeOf(ctx), in.ID, task.Change{Action: b.Action, Version: b.Version, Person: b.Person, Opinion: b.Opinion, Address: clientAddress(in.r)})
	return &taskOutput{Status: 200, Cursor: at.String(), Body: taskBody{at.String(), t}}, err
}
