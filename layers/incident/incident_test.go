package incident_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
	"onemap/layers/layerstest"
)

type town struct {
	db    *pgxpool.Pool
	store *incident.Store
	dir   *access.Directory
	by    map[string]access.Scope
}

var operator = access.Operator("test")

func newTown(t *testing.T) *town {
	t.Helper()
	db := layerstest.DB(t)
	dir := access.NewDirectory(db)
	t.Cleanup(dir.Close)
	ctx := t.Context()
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", NameZH: "市政府", NameEN: "City"},
		{Code: "centre", Parent: "gov", Level: "county", Kind: "command_centre", NameZH: "指挥中心", NameEN: "Centre"},
		{Code: "urban", Parent: "gov", Level: "county", Kind: "department", NameZH: "城管局", NameEN: "Urban"},
		{Code: "police", Parent: "gov", Level: "county", Kind: "department", NameZH: "公安局", NameEN: "Police"},
	} {
		if err := dir.CreateOrganisation(ctx, operator, o); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dir.SeedGrants(ctx, operator); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en, dept)
		VALUES ('test', 'matter', 'T01', 'T', '测试', 'Test', '井盖缺失', 'Missing cover', 'urban'),
		       ('test', 'component', 'T01', 'T', '测试', 'Test', '井盖', 'Cover', 'urban')`); err != nil {
		t.Fatal(err)
	}
	photos, err := incident.OpenPhotos(filepath.Join(t.TempDir(), "photos"), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = photos.Close() })
	w := &town{db: db, dir: dir, by: map[string]access.Scope{}, store: &incident.Store{Layers: layers.NewStore(db), Photos: photos}}
	if _, err := db.Exec(ctx, `INSERT INTO map.grid_unit (grid_code, area_code, name, duty_code, area_class, geom)
		VALUES ('330799001001001', '330799001001', '一', 'D1', 'A', ST_Multi(ST_MakeEnvelope(119.995, 28.995, 120.005, 29.005, 4326)))`); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		login, org string
		role       access.Role
	}{{"centre", "centre", access.CommandCentre}, {"acceptor", "centre", access.Acceptor}, {"leader", "centre", access.ShiftLeader},
		{"dispatcher", "centre", access.Dispatcher}, {"urban", "urban", access.DepartmentOfficer}, {"police", "police", access.DepartmentOfficer},
		{"handler", "urban", access.GridWorker}, {"worker", "gov", access.GridWorker}, {"planner", "centre", access.Planner},
		{"admin", "gov", access.Administrator}, {"security", "gov", access.SecurityAdministrator}, {"auditor", "gov", access.Auditor}} {
		var grids []string
		if p.role == access.GridWorker {
			grids = []string{"330799001001001"}
		}
		made, err := dir.CreatePerson(ctx, operator, access.NewPerson{Login: p.login, Name: p.login, Org: p.org, Roles: []access.Role{p.role}, Grids: grids})
		if err != nil {
			t.Fatal(err)
		}
		if err := dir.Load(ctx); err != nil {
			t.Fatal(err)
		}
		if w.by[p.login], err = dir.ScopeOf(ctx, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func newReport() incident.Report {
	return incident.Report{UUID: uuid.New(), Class: "T01", At: incident.Place{CRS: "WGS84", X: 120, Y: 29}, Contact: "x"}
}

func (w *town) report(t *testing.T) incident.Incident {
	t.Helper()
	i, _, _, err := w.store.Report(t.Context(), w.by["centre"], newReport())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// put brings an incident to a state as if its flow had led there.
func (w *town) put(t *testing.T, id int64, state string) {
	t.Helper()
	if _, err := w.db.Exec(t.Context(), `UPDATE map.incident SET state = $2, dept_code = 'urban' WHERE id = $1`, id, state); err != nil {
		t.Fatal(err)
	}
}

// act does it as login and wants it done.
func (w *town) act(t *testing.T, login string, i incident.Incident, do incident.Action) incident.Incident {
	t.Helper()
	do.Version = i.Version
	after, at, err := w.store.Act(t.Context(), w.by[login], i.ID, do)
	if err != nil || at.IsZero() {
		t.Fatalf("%s: %s from %s: %v", login, do.Name, i.State, err)
	}
	return after
}

func TestTwoActAtOnceAndOneWins(t *testing.T) {
	w := newTown(t)
	i := w.report(t)
	var done, conflicts int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, action := range []string{"register", "void", "reject", "register"} {
		wg.Go(func() {
			_, _, err := w.store.Act(t.Context(), w.by["centre"], i.ID, incident.Action{Name: action, Version: i.Version, Opinion: "because"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case errors.Is(err, layers.ErrConflict):
				conflicts++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if done != 1 || conflicts != 3 {
		t.Errorf("%d done, %d conflicts", done, conflicts)
	}
	var steps int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.incident_flow WHERE incident = $1`, i.ID).Scan(&steps); err != nil || steps != 2 {
		t.Errorf("%d steps (%v)", steps, err)
	}
}

// A phone that hears no answer sends again and again; its report is there once.
func TestOneReportSentManyTimesAtOnce(t *testing.T) {
	w := newTown(t)
	r := newReport()
	ids := make([]int64, 12)
	first := 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n := range ids {
		wg.Go(func() {
			i, at, again, err := w.store.Report(t.Context(), w.by["worker"], r)
			if err != nil || at.IsZero() {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[n] = i.ID
			if !again {
				first++
			}
		})
	}
	wg.Wait()
	if first != 1 || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1 {
		t.Errorf("%d first, ids %v", first, ids)
	}
	for table, want := range map[string]int{"map.incident": 1, "onemap.incident_flow": 1, "onemap.incident_contact": 1} {
		var n int
		if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows of %s (%v)", n, table, err)
		}
	}
}

// Each field that the registry has is emptied for those who may not see it.
func TestHiddenFieldsAreEmpty(t *testing.T) {
	w := newTown(t)
	i := w.report(t)
	// The police get the layer without a single field.
	if _, err := w.db.Exec(t.Context(), `INSERT INTO onemap.layer_grant (layer, org, fields, reason, granted_by) VALUES ('incident', 'police', '{}', 'test', 'test')`); err != nil {
		t.Fatal(err)
	}
	if err := w.dir.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, _ := w.by["police"].Person()
	police, err := w.dir.ScopeOf(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.store.Get(t.Context(), police, i.ID)
	if err != nil {
		t.Fatal(err)
	}
	l, err := w.store.Layers.Layer(t.Context(), "incident")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range l.Fields {
		if !slices.Contains(got.Hidden, f.Name) {
			t.Errorf("the field %s is not hidden", f.Name)
		}
	}
	if got.Flow != nil || len(got.Actions) != 0 {
		t.Errorf("the flow and the actions tell the state: %+v %v", got.Flow, got.Actions)
	}
	got.Hidden, got.Photos = nil, nil
	if want := (incident.Incident{ID: i.ID, Lon: 120, Lat: 29}); got.UUID != "" || got.State != "" || got.Description != "" || got.Grid != "" ||
		got.OccurredAt != nil || got.Dept != "" || got.DeptZH != "" || got.ClassZH != "" || got.Severity != 0 || got.Version != 0 || got.Contact != "" || got.Lon != want.Lon {
		t.Errorf("%+v", got)
	}
	found, _, err := w.store.List(t.Context(), police, incident.Query{Text: "x"})
	if err != nil || len(found) != 0 {
		t.Errorf("hidden words are searched: %v %v", found, err)
	}
}

// How to reach the reporter is for those who handle the case, not for all of
// their office.
func TestContactIsForHandlers(t *testing.T) {
	w := newTown(t)
	i := w.report(t)
	w.put(t, i.ID, incident.Handling)
	made, err := w.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: "clerk", Name: "clerk", Org: "urban", Roles: []access.Role{access.Planner}})
	if err != nil {
		t.Fatal(err)
	}
	if w.by["clerk"], err = w.dir.ScopeOf(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	for login, want := range map[string]string{"urban": "x", "centre": "x", "clerk": ""} {
		got, err := w.store.Get(t.Context(), w.by[login], i.ID)
		if err != nil {
			t.Fatalf("%s: %v", login, err)
		}
		if got.Contact != want {
			t.Errorf("%s reads the contact %q, want %q", login, got.Contact, want)
		}
	}
}

// A photo that nobody reported goes after two days; one that an incident shows stays.
func TestSweep(t *testing.T) {
	w := newTown(t)
	keep := func(c uint8) string {
		m := image.NewGray(image.Rect(0, 0, 64, 64))
		for i := range m.Pix {
			m.Pix[i] = c
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		p, err := w.store.Photos.Put(t.Context(), w.by["worker"], b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	shown, orphan, young := keep(10), keep(100), keep(200)
	r := newReport()
	r.Photos = []incident.Shown{{ID: shown}}
	if _, _, _, err := w.store.Report(t.Context(), w.by["worker"], r); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`UPDATE onemap.photo SET uploaded_at = now() - interval '3 days' WHERE sha256 <> '` + young + `'`} {
		if _, err := w.db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-72 * time.Hour)
	dir := w.store.Photos.Folder()
	if err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(p, young) {
			return os.Chtimes(p, old, old)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{shown: true, orphan: false, young: true} {
		f, err := w.store.Photos.Open(id, true)
		if err == nil {
			_ = f.Close()
		}
		if (err == nil) != want {
			t.Errorf("photo %s: %v, want it there: %t", id[:6], err, want)
		}
	}
}

// A photo that was swept from the table and is sent again while its old file is
// swept too: the row must not be left without the file.
func TestSweepWhileThePhotoIsSentAgain(t *testing.T) {
	w := newTown(t)
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	p, err := w.store.Photos.Put(t.Context(), w.by["worker"], b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Exec(t.Context(), `DELETE FROM onemap.photo`); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-72 * time.Hour)
	for _, name := range []string{".jpg", ".thumb.jpg"} {
		if err := os.Chtimes(filepath.Join(w.store.Photos.Folder(), p.ID[:2], p.ID+name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	// A row of the same photo that is not committed holds the next Put up
	// between its files and its row.
	held, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := held.Exec(t.Context(), `INSERT INTO onemap.photo VALUES ($1, 0, 1, 1, 1)`, p.ID); err != nil {
		t.Fatal(err)
	}
	put := make(chan error, 1)
	go func() {
		_, err := w.store.Photos.Put(t.Context(), w.by["worker"], b.Bytes())
		put <- err
	}()
	for waits := false; !waits; {
		err := w.db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event = 'transactionid' AND query LIKE 'INSERT INTO onemap.photo%')`).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-put; err != nil {
		t.Fatal(err)
	}
	for _, thumb := range []bool{true, false} {
		f, err := w.store.Photos.Open(p.ID, thumb)
		if err != nil {
			t.Fatalf("the row is there, the file is not: %v", err)
		}
		_ = f.Close()
	}
}

// What is decoded must fit: a progressive JPEG takes three times the memory,
// and a few hundred bytes may claim one.
func TestPicturesThatTakeTooMuchMemory(t *testing.T) {
	w := newTown(t)
	claim := func(marker byte, width, height int) []byte {
		return []byte{0xff, 0xd8, 0xff, 0xe0, 0, 7, 'J', 'F', 'I', 'F', 0, 0xff, 0xe1, 0, 4, 0xff, 0xc2, 0xff, 0xff, marker, 0, 17, 8, byte(height >> 8), byte(height), byte(width >> 8), byte(width),
			3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0}
	}
	for _, tt := range []struct {
		sent []byte
		says string
	}{
		{claim(0xc2, 6000, 4000), "13 million"}, {claim(0xc2, 4000, 3000), "damaged"},
		{claim(0xc0, 6000, 4000), "damaged"}, {claim(0xc0, 8000, 6000), "40 million"},
	} {
		_, err := w.store.Photos.Put(t.Context(), w.by["centre"], tt.sent)
		if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%x: %v, want %q", tt.sent[19], err, tt.says)
		}
	}
}
