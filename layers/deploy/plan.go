package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/siting"
)

// An Order asks for a plan.
type Order struct {
	UUID     uuid.UUID // made by the client: the same order sent again is the same plan
	Title    string
	Org      string // whose forces; "": the caller's own organisation
	Question Question
	Address  string // of the caller
}

// content is the SHA-256 of an order and who sent it. of is the plan that it
// changes, stands what it makes of it. It is empty for numbers that no JSON has,
// which are refused later.
func (o Order) content(by access.Scope, of int64, system string, stands []Stand) string {
	who, _ := by.Person()
	o.UUID, o.Address = uuid.Nil, ""
	b, err := json.Marshal(struct {
		Person string
		Order  Order
		Of     int64
		System string
		Stands []Stand
	}{who.Login, o, of, system, stands})
	if err != nil {
		return ""
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Make searches for a plan and keeps it as a proposal. again is true where the
// order was sent before; another order under its uuid is an error wrapping
// [layers.ErrConflict]. It returns [layers.InputError]s that name field, fault
// and remedy; it takes about a second, one plan after another, and returns [ErrBusy] where too
// many wait.
func (s *Store) Make(ctx context.Context, by access.Scope, o Order) (p Plan, again bool, err error) {
	content := o.content(by, 0, "", nil)
	if o.Org, err = s.forces(ctx, by, o.Org); err != nil {
		return Plan{}, false, err
	}
	if p, again, err = s.before(ctx, by, &o.UUID, content); again || err != nil {
		return p, again, err
	}
	if o.Title, err = title(o.Title); err != nil {
		return Plan{}, false, err
	}
	q := o.Question
	if err := s.complete(ctx, &q); err != nil {
		return Plan{}, false, said("check a plan's question", err)
	}
	d, err := s.gather(ctx, by, &q)
	if err != nil {
		return Plan{}, false, said("gather what a plan is made from", err)
	}
	answer, err := s.answer(ctx, q, &d)
	if err != nil {
		return Plan{}, false, said("make a plan", err)
	}
	return s.keep(ctx, by, o, content, q, d, answer, 0)
}

func title(t string) (string, error) {
	t = strings.TrimSpace(t)
	if t == "" {
		return "", &layers.InputError{Field: "title", Remedy: "1 to 200 characters"}
	}
	return t, layers.CheckText("title", t, 200)
}

// before returns the plan of an order that was sent before. An order without a
// uuid is given one; another order under a uuid that is used, whoever's plan has
// it, is a conflict.
func (s *Store) before(ctx context.Context, by access.Scope, id *uuid.UUID, content string) (Plan, bool, error) {
	if *id == uuid.Nil {
		*id = uuid.New()
		return Plan{}, false, nil
	}
	var same bool
	err := s.Layers.DB().QueryRow(ctx, `SELECT content = $2 OR content = '' FROM onemap.stationing WHERE uuid = $1`, *id, content).Scan(&same)
	if errors.Is(err, pgx.ErrNoRows) {
		return Plan{}, false, nil
	}
	if err != nil {
		return Plan{}, false, fmt.Errorf("plan of uuid %s: %w", *id, err)
	}
	var p Plan
	if same {
		p, err = s.one(ctx, by, "p.uuid = ", *id)
	}
	if !same || errors.Is(err, layers.ErrNotFound) {
		return Plan{}, false, fmt.Errorf("a different plan has the uuid %s: give a new plan a new uuid: %w", *id, layers.ErrConflict)
	}
	return p, err == nil, err
}

// gather reads demand, candidates and areas under one snapshot.
func (s *Store) gather(ctx context.Context, by access.Scope, q *Question) (d Data, err error) {
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if d.Candidates, d.Today, err = s.candidates(ctx, tx, by, q); err != nil {
			return err
		}
		if d.Points, d.cases, err = s.demand(ctx, tx, by, q); err != nil {
			return err
		}
		for i, m := range q.Must {
			name := m.Name
			if name == "" {
				name = fmt.Sprintf("must[%d]", i)
			}
			d.Points = append(d.Points, Point{Lon: m.X, Lat: m.Y, Area: -1, Must: name, IsMust: true})
		}
		d.Areas, err = areas(ctx, tx, q.Areas, d.Points)
		return err
	})
	d.Notes = []Words{}
	return d, err
}

// problem brings question, data and times together.
func (d Data) problem(q Question, seconds [][]float32) *siting.Problem {
	p := q.problem()
	p.Seconds = seconds
	p.Demand, p.Area = make([]float64, len(d.Points)), make([]int, len(d.Points))
	for i, x := range d.Points {
		p.Demand[i], p.Area[i] = x.Demand, x.Area
		if x.IsMust {
			p.Must = append(p.Must, i)
		}
	}
	for j, c := range d.Candidates {
		if c.Fixed {
			p.Fixed = append(p.Fixed, j)
		}
	}
	return &p
}

func (d Data) pointsAt() []orb.Point {
	out := make([]orb.Point, len(d.Points))
	for i, p := range d.Points {
		out[i] = p.at()
	}
	return out
}

// answer solves a question.
func (s *Store) answer(ctx context.Context, q Question, d *Data) (Answer, error) {
	at := make([]orb.Point, len(d.Candidates))
	for j, c := range d.Candidates {
		at[j] = c.at()
	}
	done, err := s.Turn.Take(ctx)
	if err != nil {
		return Answer{}, err
	}
	defer done()
	m, err := s.Roads.Matrix(ctx, q.profile(), at, d.pointsAt(), q.furthest())
	if err != nil {
		return Answer{}, err
	}
	if err := s.notes(ctx, q, d, m); err != nil {
		return Answer{}, err
	}
	p := d.problem(q, m.Seconds)
	plan, err := siting.Solve(ctx, p, siting.Options{Seed: uint64(q.Seed), Effort: s.Effort})
	if err != nil {
		return Answer{}, d.named(err)
	}
	bound, gap := round(plan.Bound), round(plan.Gap)
	a := Answer{Bound: &bound, Gap: &gap, CurveS: q.curve(), Notes: d.Notes}
	a.Plan = d.measured(q, p, p.Evaluate(plan.Posts), d.stands(plan.Posts))
	if len(d.Today) > 0 {
		today := d.measured(q, p, p.Evaluate(d.Today), d.stands(d.Today))
		a.Today = &today
	}
	return a, nil
}

func (d Data) stands(posts []int) []Candidate {
	out := make([]Candidate, len(posts))
	for s, j := range posts {
		out[s] = d.Candidates[j]
	}
	return out
}

// named puts names where the solver has numbers.
func (d Data) named(err error) error {
	var fault *siting.Fault
	var n int
	if !errors.As(err, &fault) {
		return err
	}
	f := *fault
	if _, e := fmt.Sscanf(f.Field, "must[%d]", &n); e == nil {
		k := 0
		for _, p := range d.Points {
			if p.IsMust {
				if k == n {
					f.Value = p.Must
				}
				k++
			}
		}
	}
	for i, a := range d.Areas {
		f.Remedy = strings.Replace(f.Remedy, fmt.Sprintf("area %d has", i), fmt.Sprintf("area %s (%s) has", a.NameEN, a.Code), 1)
	}
	return &f
}

// keep writes a plan with its audit entry. One that was made at the machine, by
// nobody's organisation, is of the whole city: else nobody would see it.
func (s *Store) keep(ctx context.Context, by access.Scope, o Order, content string, q Question, d Data, a Answer, parent int64) (Plan, bool, error) {
	question, err := json.Marshal(q)
	if err != nil {
		return Plan{}, false, fmt.Errorf("keep a plan: %w", err)
	}
	answer, err := json.Marshal(a)
	if err != nil {
		return Plan{}, false, fmt.Errorf("keep a plan: %w", err)
	}
	data, err := d.pack()
	if err != nil {
		return Plan{}, false, err
	}
	who, _ := by.Person()
	var from *int64
	if parent != 0 {
		from = &parent
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO onemap.stationing (uuid, content, title, org, area_code, model, parent, question, answer, data, seed, hash, made_by, made_at)
			VALUES (@uuid, @content, @title, @org, coalesce(nullif(@area, ''), (SELECT area_code FROM onemap.organisation WHERE code = @org),
				(SELECT area_code FROM onemap.organisation WHERE kind = 'government' ORDER BY length(area_code), code LIMIT 1), ''), @model, @parent, @question, @answer, @data, @seed, @hash, @by, @at) RETURNING id`,
			pgx.NamedArgs{"uuid": o.UUID, "content": content, "title": o.Title, "org": o.Org, "area": by.Org().AreaCode, "model": q.Model, "parent": from, "question": string(question), "answer": string(answer),
				"data": data, "seed": q.Seed, "hash": hashOf(question, data), "by": who.Login, "at": s.now()}).Scan(&id)
		if err != nil {
			return err
		}
		detail := map[string]any{"model": q.Model, "units": q.Posts, "demand": q.Demand.Source, "org": o.Org}
		action := "stationing.plan"
		if parent != 0 {
			action, detail["of"] = "stationing.edit", parent
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: action, Object: fmt.Sprintf("stationing/%d", id), Result: access.Done, Address: o.Address, Detail: detail})
	})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.ConstraintName == "stationing_uuid_key" { // the same order, a moment before
		return s.before(ctx, by, &o.UUID, content)
	}
	if err != nil {
		return Plan{}, false, access.Wrap("keep a plan", err)
	}
	p, err := s.one(ctx, by, "p.id = ", id)
	return p, false, err
}

// A Plan of stationing, as it was kept.
type Plan struct {
	ID        int64      `json:"id"`
	UUID      uuid.UUID  `json:"uuid"`
	Title     string     `json:"title"`
	Org       string     `json:"org" doc:"Whose forces"`
	OrgZH     string     `json:"org_zh"`
	OrgEN     string     `json:"org_en"`
	Model     string     `json:"model"`
	Parent    int64      `json:"parent,omitempty" doc:"The plan that a person changed into this one"`
	State     string     `json:"state" enum:"proposed,accepted,refused,ended"`
	Question  Question   `json:"question"`
	Answer    Answer     `json:"answer"`
	Hash      string     `json:"hash" doc:"SHA-256 of the question and the data that it was made from"`
	MadeBy    string     `json:"made_by"`
	MadeAt    time.Time  `json:"made_at"`
	Decisions []Decision `json:"decisions" nullable:"false" doc:"In their order"`

	data []byte
}

// A Decision is what a person said of a plan.
type Decision struct {
	Decision string    `json:"decision" enum:"accepted,refused,ended"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}
