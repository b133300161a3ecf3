package catalog_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/catalog"
	"onemap/layers/layerstest"
)

var operator = access.Operator("test")

// city is a small city with its organisations, layers that have owners, and people.
type city struct {
	db    *pgxpool.Pool
	dir   *access.Directory
	store *catalog.Store
}

func newCity(t *testing.T) *city {
	t.Helper()
	db := layerstest.DB(t)
	c := &city{db: db, dir: access.NewDirectory(db), store: &catalog.Store{Layers: layers.NewStore(db)}}
	t.Cleanup(c.dir.Close)
	for _, o := range []access.Organisation{
		{Code: "gov", Level: "county", Kind: "government", AreaCode: "330799", NameZH: "示例市政府", NameEN: "City"},
		{Code: "urban", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "示例市城市管理局", NameEN: "Urban Management", USCC: "11330799MB0000002X"},
		{Code: "urban-east", Parent: "urban", Level: "town", Kind: "department", AreaCode: "330799001", NameZH: "示例市城市管理局东镇中队", NameEN: "Urban East"},
		{Code: "police", Parent: "gov", Level: "county", Kind: "department", AreaCode: "330799", NameZH: "示例市公安局", NameEN: "Police"},
	} {
		if err := c.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	c.exec(t, `INSERT INTO onemap.area (code, level, name_zh, name_en) VALUES ('330799', 'county', '示例市', 'Example'), ('330799001', 'town', '东镇', 'East')`)
	c.exec(t, `UPDATE onemap.layer SET owner = 'gov', share = 'unconditional', share_basis = '', open = true WHERE name LIKE 'base%'`)
	c.exec(t, `UPDATE onemap.setting SET value = 'true' WHERE key = 'open.portal'`)
	c.exec(t, `INSERT INTO onemap.open_rule (layer, as_is, set_by) SELECT name, true, 'test' FROM onemap.layer WHERE name LIKE 'base%'`)
	c.exec(t, `UPDATE onemap.layer SET owner = 'urban', share = 'conditional', share_basis = '履行职责' WHERE name = 'asset'`)
	c.exec(t, `UPDATE onemap.layer SET owner = 'police', share = 'none', share_basis = '依法不予共享' WHERE name = 'inspection'`)
	return c
}

func (c *city) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := c.db.Exec(context.WithoutCancel(t.Context()), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (c *city) person(t *testing.T, login, org string, roles ...access.Role) access.Scope {
	t.Helper()
	p, err := c.dir.CreatePerson(t.Context(), operator, access.NewPerson{Login: login, Name: login, Org: org, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.dir.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := c.dir.ScopeOf(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lamp is a resource without a layer.
func lamp() catalog.Draft {
	return catalog.Draft{NameZH: "路灯养护台账", Abstract: "道路照明设施巡查与养护的记录", Provider: "urban", Share: layers.Conditional, ShareBasis: "工作需要",
		UpdateCycle: "weekly", PublishedOn: "2026-01-05", AreaCode: "330799001",
		Items: []catalog.ItemDraft{{NameZH: "灯杆编号", Type: "text", Length: 20, Sensitivity: layers.Public}, {NameZH: "养护日期", Type: "date"}, {NameZH: "联系电话", Sensitivity: layers.Sensitive}}}
}

func (c *city) put(t *testing.T, by access.Scope, d catalog.Draft, version int) catalog.Resource {
	t.Helper()
	r, err := c.store.Put(t.Context(), by, d, version, catalog.Note{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (c *city) codes(t *testing.T, by access.Scope, q catalog.Query) []string {
	t.Helper()
	found, err := c.store.Search(t.Context(), by, q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, h := range found.Hits {
		out = append(out, h.NameZH)
	}
	return out
}

func wantInput(t *testing.T, err error, field string) {
	t.Helper()
	var in *layers.InputError
	if !errors.As(err, &in) || in.Field != field || in.Remedy == "" {
		t.Errorf("error %v, want an InputError about %s with a remedy", err, field)
	}
}

func TestEachLayerIsAResource(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	r, err := c.store.OfLayer(t.Context(), officer, "asset")
	if err != nil {
		t.Fatal(err)
	}
	if r.NameZH != "城市部件" || r.Provider != "urban" || r.Share != layers.Conditional || !r.Mounted || !r.Mine || r.Class != "209001" || len(r.Items) < 10 {
		t.Errorf("resource of the layer asset: %+v", r)
	}
	// A new layer of a department has one in the department's own 项.
	c.exec(t, `INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, owner, share_basis) VALUES ('dept_lamp', '智慧灯杆', 'Smart poles', 'other', 'Point', 'urban-east', '依法')`)
	if r, err = c.store.OfLayer(t.Context(), officer, "dept_lamp"); err != nil || r.Sight != catalog.SeeNone || r.Mine {
		t.Errorf("the bureau, which does not act for its branch, on its branch's layer: %+v, %v", r, err)
	}
	branch := c.person(t, "branch", "urban-east", access.DepartmentOfficer)
	c.store.Layers.ForgetRegistry()
	if r, err = c.store.OfLayer(t.Context(), branch, "dept_lamp"); err != nil || !strings.HasPrefix(r.Code, "301001/") || r.PublishedOn == "" {
		t.Errorf("resource of a new layer: %+v, %v", r, err)
	}
	c.exec(t, `DELETE FROM onemap.layer WHERE name = 'dept_lamp'`)
	if _, err := c.store.Get(t.Context(), operator, r.Code); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("resource of a layer that is gone: %v", err)
	}
}

func TestAResourceIsWrittenByItsProvider(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	other := c.person(t, "other", "police", access.DepartmentOfficer)
	ctx := t.Context()

	r := c.put(t, officer, lamp(), 0)
	if r.Version != 1 || !strings.HasPrefix(r.Code, "301/") || len(r.Items) != 3 || r.Items[1].Sensitivity != layers.Internal || r.Sight != catalog.SeeAll || r.Mounted {
		t.Errorf("a new resource: %+v", r)
	}
	d := catalog.DraftOf(r)
	if same := c.put(t, officer, d, 1); same.Version != 1 {
		t.Errorf("a change of nothing made version %d", same.Version)
	}
	d.NameZH, d.Items = "路灯养护记录", d.Items[:2]
	r2 := c.put(t, officer, d, 1)
	if r2.Version != 2 || r2.NameZH != "路灯养护记录" || len(r2.Items) != 2 {
		t.Errorf("a changed resource: %+v", r2)
	}
	if _, err := c.store.Put(ctx, officer, d, 1, catalog.Note{}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a change of a version that is past: %v", err)
	}
	past, err := c.store.Versions(ctx, officer, r.Code)
	if err != nil || len(past) != 2 || past[0].Version != 2 || past[1].ReplacedBy != "officer" || past[1].Content["name_zh"] != "路灯养护台账" || len(past[1].Content["items"].([]any)) != 3 {
		t.Errorf("versions: %+v, %v", past, err)
	}

	for name, by := range map[string]access.Scope{"another department's officer": other, "someone of the provider without the role": c.person(t, "clerk", "urban", access.GridWorker), "the public": {}} {
		if _, err := c.store.Put(ctx, by, d, 2, catalog.Note{}); !errors.Is(err, access.ErrForbidden) && !errors.Is(err, access.ErrUnauthenticated) {
			t.Errorf("%s changed it: %v", name, err)
		}
	}
	theirs := lamp()
	theirs.Provider = "police"
	if _, err := c.store.Put(ctx, officer, theirs, 0, catalog.Note{}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("an officer made a resource of another department: %v", err)
	}
	for field, spoil := range map[string]func(*catalog.Draft){
		"share_basis":          func(d *catalog.Draft) { d.Share, d.ShareBasis = layers.NotShared, "" },
		"open":                 func(d *catalog.Draft) { d.Open = true },
		"class":                func(d *catalog.Draft) { d.Class = "877" },
		"area_code":            func(d *catalog.Draft) { d.AreaCode = "9999" },
		"provider":             func(d *catalog.Draft) { d.Provider = "nobody" },
		"address":              func(d *catalog.Draft) { d.Address = "javascript:alert(1)" },
		"published_on":         func(d *catalog.Draft) { d.PublishedOn = "2026-13-01" },
		"items[1].name_zh":     func(d *catalog.Draft) { d.Items[1].NameZH = d.Items[0].NameZH },
		"items[0].sensitivity": func(d *catalog.Draft) { d.Items[0].Sensitivity = "secret" },
		"related":              func(d *catalog.Draft) { d.Related = []string{"x"} },
	} {
		bad := lamp()
		spoil(&bad)
		_, err := c.store.Put(ctx, operator, bad, 0, catalog.Note{})
		wantInput(t, err, field)
	}
}

func TestTheLayerSpeaksForItsResource(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	ctx := t.Context()
	r, err := c.store.OfLayer(ctx, officer, "asset")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.store.Put(ctx, officer, catalog.Draft{Code: r.Code, Share: layers.Unconditional}, r.Version, catalog.Note{})
	wantInput(t, err, "share")
	_, err = c.store.Put(ctx, officer, catalog.Draft{Code: r.Code, Items: []catalog.ItemDraft{{Key: "nothing"}}}, r.Version, catalog.Note{})
	wantInput(t, err, "items[0]")
	r2 := c.put(t, officer, catalog.Draft{Code: r.Code, Abstract: "井盖、路灯等部件", Items: []catalog.ItemDraft{{Key: "code", Description: "16位", Length: 16}}}, r.Version)
	if r2.NameZH != "城市部件" || r2.Version != r.Version+1 || len(r2.Items) != len(r.Items) {
		t.Errorf("words about a bound resource: %+v", r2)
	}
	// The registry changes: a version, without anybody's doing in the catalogue.
	if err := c.dir.SetLayerRights(ctx, c.person(t, "safe", "gov", access.SecurityAdministrator), "asset", access.LayerRights{Owner: "urban", Share: layers.Unconditional}); err != nil {
		t.Fatal(err)
	}
	c.store.Layers.ForgetRegistry()
	r3, err := c.store.Get(ctx, officer, r.Code)
	if err != nil || r3.Share != layers.Unconditional || r3.Version != r2.Version+1 || r3.Abstract != "井盖、路灯等部件" {
		t.Errorf("after the layer changed: %+v, %v", r3, err)
	}
	past, err := c.store.Versions(ctx, officer, r.Code)
	if err != nil || past[1].Content["share"] != layers.Conditional {
		t.Errorf("versions: %+v, %v", past, err)
	}
}

func TestToKnowIsNotToSee(t *testing.T) {
	c := newCity(t)
	provider := c.person(t, "officer", "urban", access.DepartmentOfficer)
	police := c.person(t, "police", "police", access.DepartmentOfficer)
	staff := c.put(t, provider, lamp(), 0)
	secret := lamp()
	secret.NameZH, secret.KnownTo, secret.Address = "执法办案线索目录", catalog.KnownToLine, "https://inside.example.org/"
	line := c.put(t, provider, secret, 0)
	draft := lamp()
	draft.NameZH, draft.PublishedOn = "草拟中的资源", ""
	sketch := c.put(t, provider, draft, 0)
	public := lamp()
	public.NameZH, public.KnownTo, public.Address = "公众可知的资源", catalog.KnownToPublic, "https://inside.example.org/2"
	told := c.put(t, provider, public, 0)

	for _, tt := range []struct {
		who   string
		by    access.Scope
		knows map[string]string // code to sight
	}{
		{"provider", provider, map[string]string{staff.Code: "all", line.Code: "all", sketch.Code: "all", told.Code: "all"}},
		{"another department", police, map[string]string{staff.Code: "none", told.Code: "none"}},
		{"the public", access.Scope{}, map[string]string{told.Code: "none"}},
		{"an administrator", c.person(t, "admin", "gov", access.Administrator), map[string]string{staff.Code: "none", line.Code: "none", sketch.Code: "none", told.Code: "none"}},
	} {
		found, err := c.store.Search(t.Context(), tt.by, catalog.Query{Provider: []string{"urban"}, Mounted: []string{"yes", "no"}, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]string{}
		for _, h := range found.Hits {
			if h.Layer == "" {
				listed[h.Code] = h.Sight
			}
			if h.Sight == catalog.SeeNone && h.Address != "" && !h.Mine {
				t.Errorf("%s reads the address of %s in a list", tt.who, h.Code)
			}
		}
		for _, r := range []catalog.Resource{staff, line, sketch, told} {
			want, knows := tt.knows[r.Code]
			got, err := c.store.Get(t.Context(), tt.by, r.Code)
			if knows != (err == nil) || knows && got.Sight != want || listed[r.Code] != want {
				t.Errorf("%s of %s: sight %q in the list, %q, %v alone; want %q", tt.who, r.NameZH, listed[r.Code], got.Sight, err, want)
			}
			if err != nil && !errors.Is(err, layers.ErrNotFound) {
				t.Errorf("%s of %s: %v, want as if it were not there", tt.who, r.NameZH, err)
			}
		}
	}
	// The public reads names of public items only; a layer that is open is known to it.
	r, err := c.store.Get(t.Context(), access.Scope{}, told.Code)
	if err != nil || len(r.Items) != 1 || r.Address != "" {
		t.Errorf("the public reads %+v, %v", r, err)
	}
	if got := c.codes(t, access.Scope{}, catalog.Query{Text: "养护日期"}); len(got) != 0 {
		t.Errorf("the public found by the name of an item that it does not see: %v", got)
	}
	if got := c.codes(t, access.Scope{}, catalog.Query{Text: "道路"}); len(got) == 0 || got[0] != "道路" {
		t.Errorf("the public looks for an open layer: %v", got)
	}
	if _, err := c.store.OfLayer(t.Context(), police, "asset"); err != nil {
		t.Errorf("a layer that is not shared with the police yet is not known to it: %v", err)
	}
}

func TestWithdrawnAndBack(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	r := c.put(t, officer, lamp(), 0)
	if _, err := c.store.Withdraw(t.Context(), officer, r.Code, true, catalog.Note{}); err == nil {
		t.Error("withdrawn without a reason")
	}
	if _, err := c.store.Withdraw(t.Context(), officer, r.Code, true, catalog.Note{Reason: "机构调整"}); err != nil {
		t.Fatal(err)
	}
	if got := c.codes(t, officer, catalog.Query{Text: "路灯养护"}); len(got) != 0 {
		t.Errorf("found after it was withdrawn: %v", got)
	}
	if got := c.codes(t, officer, catalog.Query{Text: "路灯养护", Withdrawn: true}); len(got) != 1 {
		t.Errorf("among the withdrawn: %v", got)
	}
	r2, err := c.store.Withdraw(t.Context(), officer, r.Code, false, catalog.Note{Reason: "恢复"})
	if err != nil || r2.WithdrawnAt != nil || r2.Version != 3 {
		t.Errorf("put back: %+v, %v", r2, err)
	}
	asset, err := c.store.OfLayer(t.Context(), officer, "asset")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Withdraw(t.Context(), officer, asset.Code, true, catalog.Note{Reason: "x"}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a bound resource was withdrawn: %v", err)
	}
}

func TestBoundToALayer(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	other := c.person(t, "other", "police", access.DepartmentOfficer)
	r := c.put(t, officer, lamp(), 0)
	made, err := c.store.OfLayer(t.Context(), officer, "asset")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Bind(t.Context(), other, r.Code, "asset", catalog.Note{}); err == nil {
		t.Error("another department bound it")
	}
	bound, err := c.store.Bind(t.Context(), officer, r.Code, "asset", catalog.Note{})
	if err != nil || bound.Layer != "asset" || !bound.Mounted || bound.NameZH != "路灯养护台账" || len(bound.Items) != len(made.Items) || bound.Version != 2 {
		t.Fatalf("bound: %+v, %v", bound, err)
	}
	old, err := c.store.Get(t.Context(), officer, made.Code)
	if err != nil || old.WithdrawnAt == nil || len(old.Related) != 1 || old.Related[0] != r.Code || old.Layer != "" || len(old.Items) != len(made.Items) {
		t.Errorf("the layer's first resource: %+v, %v", old, err)
	}
	if again, err := c.store.Bind(t.Context(), officer, r.Code, "asset", catalog.Note{}); err != nil || again.Version != 2 {
		t.Errorf("bound again: %+v, %v", again, err)
	}
	second := lamp()
	second.NameZH = "另一个"
	r2 := c.put(t, officer, second, 0)
	if _, err := c.store.Bind(t.Context(), officer, r2.Code, "asset", catalog.Note{}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a second resource of one layer: %v", err)
	}
}

func TestFilesAreForThoseWhoSeeTheWhole(t *testing.T) {
	c := newCity(t)
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	police := c.person(t, "police", "police", access.DepartmentOfficer)
	r := c.put(t, officer, lamp(), 0)
	for _, name := range []string{"../x.csv", "a/b.csv", "x.html", "x.svg", "", ".csv", "x.exe"} {
		_, err := c.store.AddFile(t.Context(), officer, r.Code, name, []byte("x"), catalog.Note{})
		wantInput(t, err, "name")
	}
	if _, err := c.store.AddFile(t.Context(), police, r.Code, "x.csv", []byte("x"), catalog.Note{}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("another department adds a file: %v", err)
	}
	r, err := c.store.AddFile(t.Context(), officer, r.Code, "路灯.csv", []byte("a,b\n"), catalog.Note{})
	if err != nil || len(r.Files) != 1 || !r.Mounted || r.UpdatedAt == nil {
		t.Fatalf("with a file: %+v, %v", r, err)
	}
	id := r.Files[0].ID
	if f, content, err := c.store.ReadFile(t.Context(), officer, r.Code, id, catalog.Note{}); err != nil || string(content) != "a,b\n" || f.MediaType != "text/csv" {
		t.Errorf("its own: %+v, %q, %v", f, content, err)
	}
	if _, _, err := c.store.ReadFile(t.Context(), police, r.Code, id, catalog.Note{}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("who may only know of it: %v", err)
	}
	c.exec(t, `WITH r AS (INSERT INTO onemap.share_request (uuid, resource, resource_code, resource_zh, resource_en, org, asked_by, provider, share, share_basis, purpose, legal_ground, items, ends_at)
			VALUES (gen_random_uuid(), $1, $2, '', '', 'police', 'police', 'urban', 'conditional', '', 'x', 'x', ARRAY['灯杆编号'], now() + interval '1 day') RETURNING id)
		INSERT INTO onemap.resource_grant (resource, org, request, items, reason, granted_by, ends_at) SELECT $1, 'police', id, ARRAY['灯杆编号'], 'x', 'x', now() + interval '1 day' FROM r`, r.ID, r.Code)
	if part, err := c.store.Get(t.Context(), police, r.Code); err != nil || part.Sight != catalog.SeePart || !part.Items[0].Visible || part.Items[1].Visible {
		t.Errorf("who was granted one item of three: %+v, %v", part, err)
	}
	if _, _, err := c.store.ReadFile(t.Context(), police, r.Code, id, catalog.Note{}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("who was granted one item of three: %v", err)
	}
	c.exec(t, `UPDATE onemap.resource_grant SET items = ARRAY['灯杆编号', '养护日期', '联系电话']`)
	if _, _, err := c.store.ReadFile(t.Context(), police, r.Code, id, catalog.Note{}); err != nil {
		t.Errorf("who was granted all items: %v", err)
	}
	c.exec(t, `UPDATE onemap.resource_grant SET revoked_at = now()`)
	if _, _, err := c.store.ReadFile(t.Context(), police, r.Code, id, catalog.Note{}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("whose grant was withdrawn: %v", err)
	}
	other := lamp()
	other.NameZH = "别的"
	r2 := c.put(t, officer, other, 0)
	if _, _, err := c.store.ReadFile(t.Context(), officer, r2.Code, id, catalog.Note{}); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("a file by another resource's code: %v", err)
	}
	if _, err := c.store.RemoveFile(t.Context(), officer, r.Code, id, catalog.Note{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.store.ReadFile(t.Context(), officer, r.Code, id, catalog.Note{}); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("a file that was taken away: %v", err)
	}
}
