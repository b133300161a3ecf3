package live

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
)

// The whole way with real people: what one department writes comes to those
// whose right holds it, and stops in the moment the right is gone.
func TestPeopleAndTheirRights(t *testing.T) {
	url := layerstest.URL(t)
	ctx, cancel := context.WithCancel(context.Background())
	db, err := layers.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	store, directory := layers.NewStore(db), access.NewDirectory(db)
	hub := NewHub(store, directory)
	hub.settle = 0
	f := feed.New(url, feed.Registry(store), directory.Reader(), hub.Reader())
	directory.Follow(f.Status)
	hub.Follow(f)
	var g sync.WaitGroup
	g.Go(func() { _ = f.Run(ctx) })
	g.Go(func() { _ = hub.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		g.Wait()
		directory.Close()
		db.Close()
	})

	operator := access.Operator("test")
	const password = "Qu!et-Harbour-7731"
	for _, o := range []access.Organisation{
		{Code: "city", Level: "city", Kind: "government", NameZH: "市", NameEN: "City"},
		{Code: "fire", Parent: "city", Level: "city", Kind: "department", NameZH: "消防", NameEN: "Fire"},
		{Code: "water", Parent: "city", Level: "city", Kind: "department", NameZH: "水务", NameEN: "Water"},
	} {
		if err := directory.CreateOrganisation(ctx, operator, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := directory.SetLayerRights(ctx, operator, "place", access.LayerRights{Owner: "city", Share: layers.Conditional, Basis: "a test"}); err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{}
	for _, org := range []string{"fire", "water"} {
		if _, err := directory.CreatePerson(ctx, operator, access.NewPerson{Login: org, Name: org, Org: org, Password: password,
			Roles: []access.Role{access.DepartmentOfficer}}); err != nil {
			t.Fatal(err)
		}
		in, err := directory.SignIn(ctx, org, password, access.From{Address: "127.0.0.1"})
		if err != nil {
			t.Fatal(err)
		}
		tokens[org] = in.Token
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.URL.Query().Get("as")
		scope, err := directory.Session(r.Context(), token)
		if err != nil {
			t.Error(err)
		}
		hub.ServeWS(w, r, scope, func(ctx context.Context) (access.Scope, error) { return directory.Session(ctx, token) })
	}))
	t.Cleanup(server.Close)
	dial := func(login string) *testClient {
		t.Helper()
		c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"?as="+tokens[login], nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		tc := &testClient{t, c}
		tc.want(TypeHello)
		tc.say(Subscribe{Type: TypeSubscribe, ID: "a", Layer: "place"})
		tc.want(TypeSubscribed)
		return tc
	}
	// A client that comes before the hub has taken in the feed's first snapshot
	// is told to load anew, as it should be.
	now, err := feed.Now(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	(&rig{T: t, city: &city{hub: hub, feed: f}}).wait(now)
	fire, water := dial("fire"), dial("water")
	insert := func(name, dept string) {
		t.Helper()
		if _, err := db.Exec(ctx, `INSERT INTO map.place (kind, name, dept_code, geom, grid_code, area_code)
			VALUES ('hydrant', $1, $2, ST_Point(120, 30, 4326), 'g', '')`, name, dept); err != nil {
			t.Fatal(err)
		}
	}
	insert("of fire", "fire")
	insert("of water", "water")
	if got := tell(fire.events(1)); !slices.Equal(got, []string{"insert of fire"}) {
		t.Errorf("fire sees %v", got)
	}
	if got := tell(water.events(1)); !slices.Equal(got, []string{"insert of water"}) {
		t.Errorf("water sees %v", got)
	}
	// A row handed to another department goes from the one and comes to the other.
	if _, err := db.Exec(ctx, `UPDATE map.place SET dept_code = 'water' WHERE name = 'of fire'`); err != nil {
		t.Fatal(err)
	}
	if got := tell(fire.events(1)); !slices.Equal(got, []string{"gone 1"}) {
		t.Errorf("fire sees %v", got)
	}
	if got := tell(water.events(1)); !slices.Equal(got, []string{"insert of fire"}) {
		t.Errorf("water sees %v", got)
	}

	// Plain SQL ends fire's account; what is committed after it is not sent.
	if _, err := db.Exec(ctx, `UPDATE onemap.person SET active = false WHERE login = 'fire'`); err != nil {
		t.Fatal(err)
	}
	insert("too late", "fire")
	for {
		_, b, err := fire.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, CloseSignedOut) {
				t.Errorf("fire's end: %v", err)
			}
			break
		}
		if strings.Contains(string(b), "too late") {
			t.Errorf("sent after the right was gone: %s", b)
		}
	}
	// Signing out ends water's.
	if err := directory.SignOut(ctx, tokens["water"]); err != nil {
		t.Fatal(err)
	}
	if code := water.closed(); code != CloseSignedOut {
		t.Errorf("water's end: %d", code)
	}
}
