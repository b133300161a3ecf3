package sharing_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/jobs"
	"onemap/layers/layerstest"
	"onemap/layers/sharing"
)

// town is a county with its government, three departments and a town, and a
// resource of each share type. Its clock stands where a test puts it.
type town struct {
	t   testing.TB
	db  *pgxpool.Pool
	dir *access.Directory
	s   *sharing.Store
	now time.Time
}

func newTown(t testing.TB) *town {
	t.Helper()
	db := layerstest.DB(t)
	w := &town{t: t, db: db, dir: access.NewDirectory(db), now: time.Now().Truncate(time.Second)}
	t.Cleanup(w.dir.Close)
	operator := access.Operator("test")
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "市政府", NameEN: "City"},
		{Code: "east", Parent: "gov", Level: "town", Kind: "government", AreaCode: "330799001", NameZH: "东镇", NameEN: "East"},
		{Code: "data", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "数据局", NameEN: "Data bureau"},
		{Code: "urban", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "城管局", NameEN: "Urban"},
		{Code: "market", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "市场局", NameEN: "Market"},
	} {
		if err := w.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	for login, p := range map[string]struct {
		org  string
		role access.Role
	}{"east": {"east", access.DepartmentOfficer}, "urban": {"urban", access.DepartmentOfficer}, "market": {"market", access.DepartmentOfficer}, "data": {"data", access.DepartmentOfficer},
		"security": {"gov", access.SecurityAdministrator}, "worker": {"east", access.GridWorker}, "auditor": {"gov", access.Auditor}} {
		if _, err := w.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: login, Name: login, Org: p.org, Roles: []access.Role{p.role}}); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`UPDATE onemap.layer SET owner = 'market', share = 'conditional', share_basis = '履行职责' WHERE name = 'enterprise'`)
	w.exec(`UPDATE onemap.layer SET owner = 'market', share = 'none', share_basis = '《行政处罚法》' WHERE name = 'inspection'`)
	w.exec(`UPDATE onemap.layer SET owner = 'urban', share = 'unconditional' WHERE name = 'asset'`)
	w.exec(`INSERT INTO map.grid_unit (grid_code, area_code, name, duty_code, geom) VALUES
		('330799001001001', '330799001', '东一', 'D1', ST_Multi(ST_MakeEnvelope(120.00, 29.30, 120.01, 29.31, 4326))),
		('330799002001001', '330799002', '西一', 'D2', ST_Multi(ST_MakeEnvelope(120.01, 29.30, 120.02, 29.31, 4326)))`)
	w.exec(`INSERT INTO onemap.area (code, level, name_zh, name_en) VALUES ('330799001', 'town', '东镇', 'East'), ('330799002', 'town', '西镇', 'West')`)
	store := layers.NewStore(db)
	queue, err := jobs.New(db)
	if err != nil {
		t.Fatal(err)
	}
	w.s = &sharing.Store{Layers: store, Classes: &class.Store{Layers: store}, Jobs: queue, Now: func() time.Time { return w.now }}
	return w
}

func (w *town) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.WithoutCancel(w.t.Context()), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// one reads one value.
func one[T any](w *town, sql string, args ...any) (v T) {
	w.t.Helper()
	if err := w.db.QueryRow(w.t.Context(), sql, args...).Scan(&v); err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *town) as(login string) access.Scope {
	w.t.Helper()
	by, err := w.dir.ScopeOf(w.t.Context(), one[int64](w, `SELECT id FROM onemap.person WHERE login = $1`, login))
	if err != nil {
		w.t.Fatal(err)
	}
	return by
}

func (w *town) code(layer string) string {
	w.t.Helper()
	return one[string](w, `SELECT code FROM onemap.resource WHERE layer = $1`, layer)
}

func (w *town) asking(layer string, items ...string) sharing.Asking {
	return sharing.Asking{UUID: uuid.New(), Resource: w.code(layer), Purpose: "燃气安全检查", LegalGround: "《安全生产法》第六十五条",
		Terms: sharing.Terms{Items: items, EndsAt: w.now.AddDate(0, 6, 0)}}
}

func (w *town) ask(login string, a sharing.Asking) sharing.Request {
	w.t.Helper()
	r, _, _, err := w.s.Ask(w.t.Context(), w.as(login), a, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *town) act(login string, id int64, a sharing.Act) sharing.Request {
	w.t.Helper()
	a.UUID = uuid.New()
	r, _, err := w.s.Act(w.t.Context(), w.as(login), id, a, "")
	if err != nil {
		w.t.Fatalf("%s by %s: %v", a.Action, login, err)
	}
	return r
}

func (w *town) refused(login string, id int64, a sharing.Act, want error) {
	w.t.Helper()
	a.UUID = uuid.New()
	if _, _, err := w.s.Act(w.t.Context(), w.as(login), id, a, ""); !errors.Is(err, want) {
		w.t.Errorf("%s by %s: %v, want %v", a.Action, login, err, want)
	}
}

// sees returns the fields that somebody sees of a layer, nil where it does not
// exist for them.
func (w *town) sees(login, layer string) []string {
	w.t.Helper()
	if err := w.dir.Load(w.t.Context()); err != nil { // no feed here: read rights anew
		w.t.Fatal(err)
	}
	l, err := w.s.Layers.Layer(w.t.Context(), layer)
	if err != nil {
		w.t.Fatal(err)
	}
	right, ok := w.as(login).Layer(l)
	if !ok {
		return nil
	}
	return right.Fields
}

func TestConditionalIsGrantedNarrowerAndWithdrawn(t *testing.T) {
	w := newTown(t)
	a := w.asking("enterprise", "name", "uscc", "industry", "risk", "address")
	a.Terms.AreaCode = "330799001"
	r := w.ask("east", a)
	if r.State != sharing.Asked || r.Provider != "market" || r.DueAt == nil || r.Light(w.now) != "green" {
		t.Fatalf("asked: %+v", r)
	}
	if got := w.sees("east", "enterprise"); got != nil {
		t.Fatalf("before the answer one sees %v", got)
	}
	if again := w.ask("east", a); again.ID != r.ID {
		t.Errorf("the same uuid made request %d beside %d", again.ID, r.ID)
	}
	if _, _, _, err := w.s.Ask(t.Context(), w.as("east"), w.asking("enterprise", "name"), ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("asked twice: %v", err)
	}
	// Who may answer, and how.
	w.refused("east", r.ID, sharing.Act{Action: "grant"}, access.ErrForbidden)
	w.refused("worker", r.ID, sharing.Act{Action: "grant"}, access.ErrForbidden)
	w.refused("urban", r.ID, sharing.Act{Action: "grant"}, layers.ErrNotFound)
	w.refused("security", r.ID, sharing.Act{Action: "grant"}, access.ErrForbidden) // of the authority, before any silence
	w.refused("market", r.ID, sharing.Act{Action: "refuse"}, layers.ErrInvalid)    // without a basis
	w.refused("market", r.ID, sharing.Act{Action: "grant", Items: []string{"name", "risk", "dept_code"}}, layers.ErrInvalid)
	county := "330799"
	w.refused("market", r.ID, sharing.Act{Action: "grant", AreaCode: &county}, layers.ErrInvalid)
	w.refused("market", r.ID, sharing.Act{Action: "grant", EndsAt: a.Terms.EndsAt.AddDate(0, 0, 1)}, layers.ErrInvalid)
	w.refused("market", r.ID, sharing.Act{Action: "grant", Version: r.Version + 1}, layers.ErrConflict)

	r = w.act("market", r.ID, sharing.Act{Action: "grant", Version: r.Version, Items: []string{"name", "risk"}, Grids: []string{"330799001001001"}})
	if r.State != sharing.Granted || r.Grant == nil || !slices.Equal(r.Grant.Terms.Items, []string{"name", "risk"}) || r.Answer != "grant" {
		t.Fatalf("granted: %+v, %+v", r, r.Grant)
	}
	if got := w.sees("east", "enterprise"); !slices.Equal(got, []string{"name", "risk"}) {
		t.Errorf("one sees %v, want name and risk", got)
	}
	grants, err := w.s.Grants(t.Context(), w.as("market"), sharing.GrantQuery{Side: "given", Layer: "enterprise"})
	if err != nil || len(grants) != 1 || grants[0].Request != r.ID || !grants[0].InForce {
		t.Errorf("grants given: %+v, %v", grants, err)
	}

	w.refused("market", r.ID, sharing.Act{Action: "revoke"}, layers.ErrInvalid)
	r = w.act("market", r.ID, sharing.Act{Action: "revoke", Basis: "目的已实现"})
	if r.State != sharing.Withdrawn {
		t.Errorf("withdrawn: %s", r.State)
	}
	if got := w.sees("east", "enterprise"); got != nil {
		t.Errorf("after the withdrawal one sees %v", got)
	}
	if n := one[int](w, `SELECT count(*) FROM onemap.audit WHERE object = 'request/' || $1::bigint AND action IN ('share.ask', 'share.grant', 'share.revoke')`, r.ID); n != 3 {
		t.Errorf("%d audit records of asking, granting and withdrawing", n)
	}
}

// A town asks for its own area, and the provider writes the town's code out:
// that is what was asked. A branch below the town has a smaller area of its
// own, and sees no more by it; part of the town for all of them is refused.
func TestTheAskersOwnAreaMayBeWrittenOut(t *testing.T) {
	w := newTown(t)
	if err := w.dir.CreateOrganisation(t.Context(), access.Operator("test"), access.Organisation{Code: "village", Parent: "east", Level: "community", Kind: "government",
		AreaCode: "330799001001", NameZH: "东村", NameEN: "East village"}); err != nil {
		t.Fatal(err)
	}
	r := w.ask("east", w.asking("enterprise", "name", "risk"))
	part, town := "330799001002", "330799001"
	w.refused("market", r.ID, sharing.Act{Action: "grant", AreaCode: &part}, layers.ErrInvalid)
	r = w.act("market", r.ID, sharing.Act{Action: "grant", AreaCode: &town, Items: []string{"name"}})
	if r.State != sharing.Granted || r.Grant == nil || r.Grant.Terms.AreaCode != "" {
		t.Errorf("granted: %+v, %+v; want each user's own area", r, r.Grant)
	}
}

func TestUnconditionalIsGrantedAndNotSharedRefusedAtOnce(t *testing.T) {
	w := newTown(t)
	r := w.ask("east", w.asking("asset"))
	if r.State != sharing.Granted || r.Grant != nil || r.AnsweredAt == nil || !r.AnsweredAt.Equal(r.At) {
		t.Errorf("unconditional: %+v", r)
	}
	r = w.ask("east", w.asking("inspection"))
	_, steps, err := w.s.Get(t.Context(), w.as("east"), r.ID)
	if err != nil || r.State != sharing.Refused || steps[1].Basis != "《行政处罚法》" || steps[1].Actor != "system" {
		t.Fatalf("not shared: %+v, %+v, %v", r, steps, err)
	}
	if slices.Contains(r.May(w.as("market")), "grant") {
		t.Error("what is not shared may be granted")
	}
	// The asker has the authority decide: it may uphold, and cannot grant what
	// the law does not share.
	w.refused("market", r.ID, sharing.Act{Action: "dispute", Opinion: "不服"}, access.ErrForbidden)
	r = w.act("east", r.ID, sharing.Act{Action: "dispute", Opinion: "法定职责需要"})
	if r.State != sharing.Disputed || r.DueAt == nil || r.Authority != "gov" {
		t.Errorf("disputed: %+v", r)
	}
	w.refused("market", r.ID, sharing.Act{Action: "refuse", Basis: "同前"}, access.ErrForbidden)
	w.refused("security", r.ID, sharing.Act{Action: "grant"}, layers.ErrInvalid)
	r = w.act("security", r.ID, sharing.Act{Action: "refuse", Basis: "同意提供方意见"})
	if r.State != sharing.Refused || slices.Contains(r.May(w.as("east")), "dispute") {
		t.Errorf("upheld: %s, %v", r.State, r.May(w.as("east")))
	}
}

func TestSilenceIsToldAndAnsweredByTheAuthority(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE onemap.setting SET value = '"data"' WHERE key = 'sharing.authority'`)
	w.exec(`UPDATE onemap.setting SET value = '{"answer": "5 natural_day", "authority": "2 natural_day"}' WHERE key = 'sharing.limits'`)
	r := w.ask("east", w.asking("enterprise", "name"))
	if want := r.At.AddDate(0, 0, 5); !r.DueAt.Equal(want) {
		t.Errorf("due at %s, want %s", r.DueAt, want)
	}
	last := func() sharing.Step {
		_, steps, err := w.s.Get(t.Context(), w.as("auditor"), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return steps[len(steps)-1]
	}
	for _, at := range []struct {
		after        time.Duration
		action, told string
	}{{3 * 24 * time.Hour, "ask", ""}, {4*24*time.Hour + time.Minute, "remind", "market"}, {4*24*time.Hour + time.Hour, "remind", "market"},
		{5 * 24 * time.Hour, "overdue", "data"}, {7 * 24 * time.Hour, "long_overdue", "gov"}, {9 * 24 * time.Hour, "long_overdue", "gov"}} {
		w.now = r.At.Add(at.after)
		if at.after == 3*24*time.Hour {
			w.refused("data", r.ID, sharing.Act{Action: "grant"}, access.ErrForbidden)
		}
		for range 2 { // a job may be done twice
			if err := w.s.Look(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
		}
		if got := last(); got.Action != at.action || got.Told != at.told {
			t.Fatalf("after %s: %s told to %q, want %s to %q", at.after, got.Action, got.Told, at.action, at.told)
		}
	}
	if n := one[int](w, `SELECT count(*) FROM onemap.share_step WHERE request = $1`, r.ID); n != 4 {
		t.Errorf("%d steps, want asking and three reminders", n)
	}
	inbox, err := w.s.List(t.Context(), w.as("data"), sharing.Query{Box: sharing.Inbox})
	if err != nil || len(inbox) != 1 || inbox[0].Light(w.now) != "red" {
		t.Errorf("the authority's inbox: %+v, %v", inbox, err)
	}
	c, err := w.s.Count(t.Context(), w.as("market"))
	if err != nil || c.Red != 1 {
		t.Errorf("the provider's inbox: %+v, %v", c, err)
	}
	r = w.act("data", r.ID, sharing.Act{Action: "grant"})
	if r.State != sharing.Granted || !slices.Equal(w.sees("east", "enterprise"), []string{"name"}) {
		t.Errorf("granted by the authority: %s", r.State)
	}
}

func TestTheClockStandsStillWhileTheAskerIsToSayMore(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE onemap.setting SET value = '{"answer": "10 natural_day", "supplement": "4 natural_day"}' WHERE key = 'sharing.limits'`)
	r := w.ask("east", w.asking("enterprise", "name"))
	w.now = r.At.AddDate(0, 0, 6)
	r = w.act("market", r.ID, sharing.Act{Action: "query", Opinion: "请说明用途"})
	w.now = w.now.AddDate(0, 0, 3)
	r = w.act("east", r.ID, sharing.Act{Action: "supplement", Opinion: "用于专项检查"})
	if want := w.now.AddDate(0, 0, 4); r.State != sharing.Asked || !r.DueAt.Equal(want) {
		t.Errorf("due at %s, want %s: 6 of 10 days were spent", r.DueAt, want)
	}
	// Who does not say more in time did not want it.
	r = w.act("market", r.ID, sharing.Act{Action: "query", Opinion: "还有"})
	w.now = w.now.AddDate(0, 0, 4)
	if err := w.s.Look(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	r, _, err := w.s.Get(t.Context(), w.as("east"), r.ID)
	if err != nil || r.State != sharing.Lapsed || r.DueAt != nil {
		t.Errorf("%s, %v", r.State, err)
	}
}

func TestStateFollowsTheGrantsThemselves(t *testing.T) {
	w := newTown(t)
	r := w.ask("east", w.asking("enterprise", "name"))
	w.act("market", r.ID, sharing.Act{Action: "grant", EndsAt: w.now.Add(time.Hour)})
	state := func() string {
		r, _, err := w.s.Get(t.Context(), w.as("east"), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r.State
	}
	w.exec(`UPDATE onemap.layer_grant SET ends_at = now() - interval '1 second' WHERE request = $1`, r.ID)
	if got := state(); got != sharing.Ended {
		t.Errorf("after its end: %s", got)
	}
	w.exec(`UPDATE onemap.layer_grant SET ends_at = now() + interval '1 day', revoked_at = now() WHERE request = $1`, r.ID)
	if got := state(); got != sharing.Withdrawn {
		t.Errorf("revoked with SQL: %s", got)
	}
	if _, err := w.db.Exec(t.Context(), `UPDATE onemap.share_request SET purpose = 'other' WHERE id = $1`, r.ID); err == nil {
		t.Error("what was asked can be changed")
	}
	if _, err := w.db.Exec(t.Context(), `DELETE FROM onemap.share_step WHERE request = $1`, r.ID); err == nil {
		t.Error("what happened can be deleted")
	}
}

// Every action by every party in every state: only the table's lines go through.
func TestOnlyTheTableGoesThrough(t *testing.T) {
	w := newTown(t)
	reach := map[string]func() int64{
		sharing.Asked: func() int64 { return w.ask("east", w.asking("enterprise", "name")).ID },
		sharing.Queried: func() int64 {
			id := w.ask("east", w.asking("enterprise", "name")).ID
			w.act("market", id, sharing.Act{Action: "query", Opinion: "x"})
			return id
		},
		sharing.Granted: func() int64 {
			id := w.ask("east", w.asking("enterprise", "name")).ID
			w.act("market", id, sharing.Act{Action: "grant"})
			return id
		},
		sharing.Refused: func() int64 {
			id := w.ask("east", w.asking("enterprise", "name")).ID
			w.act("market", id, sharing.Act{Action: "refuse", Basis: "x"})
			return id
		},
		sharing.Disputed: func() int64 {
			id := w.ask("east", w.asking("enterprise", "name")).ID
			w.act("market", id, sharing.Act{Action: "refuse", Basis: "x"})
			w.act("east", id, sharing.Act{Action: "dispute", Opinion: "x"})
			return id
		},
		sharing.Cancelled: func() int64 {
			id := w.ask("east", w.asking("enterprise", "name")).ID
			w.act("east", id, sharing.Act{Action: "cancel"})
			return id
		},
		sharing.Withdrawn: func() int64 {
			id := w.ask("east", w.asking("enterprise", "name")).ID
			w.act("market", id, sharing.Act{Action: "grant"})
			w.act("east", id, sharing.Act{Action: "release"})
			return id
		},
	}
	party := map[string]string{"east": sharing.Asker, "market": sharing.Provider, "security": sharing.Authority}
	waits := []string{sharing.Asked, sharing.Queried, sharing.Disputed}
	for state, reached := range reach {
		id := int64(0) // 0: reach the state anew
		for login, who := range party {
			for _, action := range []string{"grant", "refuse", "query", "supplement", "cancel", "deliver", "dispute", "revoke", "release", "ask", "remind", "lapse"} {
				want := slices.ContainsFunc(sharing.Transitions, func(t sharing.Transition) bool {
					return t.Action == action && slices.Contains(t.From, state) && slices.Contains(t.By, who) && !(who == sharing.Authority && t.Silence) && action != "deliver"
				})
				if id == 0 {
					id = reached()
				}
				r, _, err := w.s.Act(t.Context(), w.as(login), id, sharing.Act{UUID: uuid.New(), Action: action, Opinion: "x", Basis: "x"}, "")
				if (err == nil) != want {
					t.Errorf("%s of a request that is %s by the %s: %v", action, state, who, err)
				}
				if err != nil {
					continue
				}
				if !slices.ContainsFunc(sharing.Transitions, func(t sharing.Transition) bool { return t.Action == action && t.To == r.State }) {
					t.Errorf("%s led to %s", action, r.State)
				}
				if slices.Contains(waits, r.State) { // so that the next one may be asked
					w.act("east", id, sharing.Act{Action: "cancel"})
				}
				id = 0
			}
		}
		if id != 0 && slices.Contains(waits, state) {
			w.act("east", id, sharing.Act{Action: "cancel"})
		}
	}
}

func TestWhatIsNotOnlineIsDelivered(t *testing.T) {
	w := newTown(t)
	w.exec(`INSERT INTO onemap.resource (code, name_zh, provider, share, share_basis, open, update_cycle, published_on)
		VALUES ('399/77', '纸质台账', 'market', 'conditional', '执法需要', false, 'yearly', current_date)`)
	w.exec(`INSERT INTO onemap.resource_item (resource, position, name_zh, type, sensitivity) SELECT id, 1, '名称', 'text', 'internal' FROM onemap.resource WHERE code = '399/77'`)
	a := w.asking("enterprise")
	a.Resource = "399/77"
	r := w.act("market", w.ask("east", a).ID, sharing.Act{Action: "grant"})
	if r.State != sharing.Granted || r.DueAt == nil || r.Grant == nil || r.Grant.OfLayer {
		t.Fatalf("granted: %+v", r)
	}
	if err := w.s.MayFetch(t.Context(), w.as("east"), "399/77"); err != nil {
		t.Error(err)
	}
	if err := w.s.MayFetch(t.Context(), w.as("urban"), "399/77"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("without a grant: %v", err)
	}
	r = w.act("market", r.ID, sharing.Act{Action: "deliver", Opinion: "光盘已移交"})
	if r.State != sharing.Delivered || r.DueAt != nil {
		t.Errorf("delivered: %+v", r)
	}
	r = w.act("east", r.ID, sharing.Act{Action: "release"})
	if err := w.s.MayFetch(t.Context(), w.as("east"), "399/77"); r.State != sharing.Withdrawn || !errors.Is(err, access.ErrForbidden) {
		t.Errorf("given back: %s, %v", r.State, err)
	}
}

func TestBadRequestsAreNamed(t *testing.T) {
	w := newTown(t)
	for _, c := range []struct {
		field  string
		change func(*sharing.Asking)
	}{
		{"purpose", func(a *sharing.Asking) { a.Purpose = " " }},
		{"legal_ground", func(a *sharing.Asking) { a.LegalGround = "" }},
		{"purpose", func(a *sharing.Asking) { a.Purpose = strings.Repeat("长", 2001) }},
		{"purpose", func(a *sharing.Asking) { a.Purpose = "a\x00b" }},
		{"uuid", func(a *sharing.Asking) { a.UUID = uuid.Nil }},
		{"items", func(a *sharing.Asking) { a.Terms.Items = []string{"name", "password"} }},
		{"area_code", func(a *sharing.Asking) { a.Terms.AreaCode = "999" }},
		{"grids", func(a *sharing.Asking) { a.Terms.Grids = []string{"D1", "D9"} }},
		{"ends_at", func(a *sharing.Asking) { a.Terms.EndsAt = w.now }},
		{"ends_at", func(a *sharing.Asking) { a.Terms.EndsAt = w.now.AddDate(4, 0, 0) }},
		{"ends_at", func(a *sharing.Asking) { a.Terms.EndsAt = time.Time{} }},
	} {
		a := w.asking("enterprise", "name")
		c.change(&a)
		var input *layers.InputError
		if _, _, _, err := w.s.Ask(t.Context(), w.as("east"), a, ""); !errors.As(err, &input) || input.Field != c.field {
			t.Errorf("want a fault of %s: %v", c.field, err)
		}
	}
	own := w.asking("enterprise")
	if _, _, _, err := w.s.Ask(t.Context(), w.as("market"), own, ""); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("one's own: %v", err)
	}
	for login, want := range map[string]error{"worker": access.ErrForbidden, "security": access.ErrForbidden} {
		if _, _, _, err := w.s.Ask(t.Context(), w.as(login), own, ""); !errors.Is(err, want) {
			t.Errorf("asked by %s: %v", login, err)
		}
	}
	w.exec(`UPDATE onemap.resource SET known_to = 'line' WHERE layer = 'enterprise'`)
	if _, _, _, err := w.s.Ask(t.Context(), w.as("east"), own, ""); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("what one may not know of: %v", err)
	}
}
