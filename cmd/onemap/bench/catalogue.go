package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/mozillazg/go-pinyin"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/catalog"
	"onemap/layers/catalog/province"
)

// catalogueSearches is how many searches each case makes.
const catalogueSearches = 2000

// catalogueBaselineSQL is the same question asked of the tables: pages of what
// holds a word in its name, abstract or items, and counts by four facets.
const catalogueBaselineSQL = `WITH hit AS MATERIALIZED (
	    SELECT r.* FROM onemap.resource r WHERE withdrawn_at IS NULL AND (r.name_zh ILIKE '%' || @word || '%' OR r.abstract ILIKE '%' || @word || '%'
	        OR EXISTS (SELECT FROM onemap.resource_item i WHERE i.resource = r.id AND i.name_zh ILIKE '%' || @word || '%')))
	SELECT (SELECT count(*) FROM hit), (SELECT array_agg(code) FROM (SELECT code FROM hit ORDER BY name_zh ILIKE @word || '%' DESC, length(name_zh), code LIMIT 20) t),
	    (SELECT jsonb_object_agg(p, n) FROM (SELECT coalesce(provider, '') p, count(*) n FROM hit GROUP BY 1) t), (SELECT jsonb_object_agg(p, n) FROM (SELECT left(class, 3) p, count(*) n FROM hit GROUP BY 1) t),
	    (SELECT jsonb_object_agg(p, n) FROM (SELECT coalesce(share, '') p, count(*) n FROM hit GROUP BY 1) t), (SELECT jsonb_object_agg(p, n) FROM (SELECT coalesce(update_cycle, '') p, count(*) n FROM hit GROUP BY 1) t)`

// Catalogue measures the search of a province's catalogue: 87 departments,
// 6,988 resources, 62,332 items, with all its facets.
func Catalogue(ctx context.Context, o Options) error {
	return o.withDatabase(ctx, func(ctx context.Context, dbURL string) error {
		db, err := layers.Open(ctx, dbURL)
		if err != nil {
			return err
		}
		defer db.Close()
		o.Progress("a province's catalogue")
		drafts, err := o.province(ctx, db)
		if err != nil {
			return err
		}
		key, scope, err := officer(ctx, db)
		if err != nil {
			return err
		}
		store := &catalog.Store{Layers: layers.NewStore(db)}
		start := time.Now()
		if _, err := store.Search(ctx, scope, catalog.Query{}); err != nil {
			return err
		}
		o.Report(Result{Bench: "catalogue", Case: "first search of a process, which reads all", Value: time.Since(start).Seconds() * 1000, Unit: "ms", Met: true})
		queries := catalogueQueries(drafts)
		baseline, err := catalogueBaseline(ctx, db, queries)
		if err != nil {
			return err
		}
		o.Progress(fmt.Sprintf("%d searches, one after the other", len(queries)))
		var took []time.Duration
		for _, q := range queries {
			start := time.Now()
			if _, err := store.Search(ctx, scope, q); err != nil {
				return err
			}
			took = append(took, time.Since(start))
		}
		o.latency("search with facets, p99", took, 99, baseline)
		if took, err = searchAtOnce(ctx, store, scope, queries, 8); err != nil {
			return err
		}
		o.latency("the same, eight at a time, p99", took, 99, 0)
		if took, err = searchAfterChange(ctx, db, store, scope, queries[:min(500, len(queries))]); err != nil {
			return err
		}
		o.latency("after a change of a resource each, p99", took, 99, 0)
		return o.catalogueHTTP(ctx, dbURL, key, queries)
	})
}

func (o Options) latency(name string, took []time.Duration, p, baseline float64) {
	v := percentile(took, p)
	r := Result{Bench: "catalogue", Case: name, Value: v, Unit: "ms", Target: "< 50 ms", Met: v < 50}
	if baseline > 0 {
		r.Baseline, r.Ratio = baseline, faster(v, baseline)
	}
	o.Report(r)
}

// province takes the province's catalogue in, as a file would bring it.
func (o Options) province(ctx context.Context, db *pgxpool.Pool) ([]catalog.Draft, error) {
	dir := access.NewDirectory(db)
	defer dir.Close()
	by := access.Operator("bench")
	for _, org := range province.Organisations() {
		if err := dir.CreateOrganisation(ctx, by, org); err != nil {
			return nil, err
		}
	}
	drafts := province.Drafts()
	entries := make([]catalog.Entry, len(drafts))
	for i, d := range drafts {
		entries[i] = catalog.Entry{Line: i + 1, Draft: d}
	}
	store := &catalog.Store{Layers: layers.NewStore(db)}
	start := time.Now()
	rep, err := store.Import(ctx, by, catalog.Import{File: "province", Entries: entries, Apply: true})
	if err != nil {
		return nil, err
	}
	if rep.New != province.Resources {
		return nil, fmt.Errorf("%d of %d resources were taken in", rep.New, province.Resources)
	}
	o.Report(Result{Bench: "catalogue", Case: fmt.Sprintf("import of %d resources, %d items", rep.New, rep.Items), Value: time.Since(start).Seconds(), Unit: "s", Met: true})
	_, err = db.Exec(ctx, `ANALYZE onemap.resource, onemap.resource_item`)
	return drafts, err
}

// officer makes a data officer of one of the departments, with an API key.
func officer(ctx context.Context, db *pgxpool.Pool) (string, access.Scope, error) {
	dir := access.NewDirectory(db)
	defer dir.Close()
	by := access.Operator("bench")
	p, err := dir.CreatePerson(ctx, by, access.NewPerson{Login: "officer", Name: "officer", Org: province.Government, Roles: []access.Role{access.DepartmentOfficer}})
	if err != nil {
		return "", access.Scope{}, err
	}
	key, _, err := dir.CreateKey(ctx, by, "officer", "bench", time.Time{})
	if err != nil {
		return "", access.Scope{}, err
	}
	if err := dir.Load(ctx); err != nil {
		return "", access.Scope{}, err
	}
	scope, err := dir.ScopeOf(ctx, p.ID)
	return key, scope, err
}

// catalogueQueries are what people type: pieces of names and items in Chinese,
// the same in pinyin, departments, broad words, nothing, with and without facets.
func catalogueQueries(drafts []catalog.Draft) []catalog.Query {
	r := rand.New(rand.NewPCG(1, 2))
	letters := pinyin.NewArgs()
	letters.Style = pinyin.FirstLetter
	spell := func(text string, a pinyin.Args) string { return strings.Join(pinyin.LazyPinyin(text, a), "") }
	piece := func(text string, n int) string {
		all := []rune(text)
		n = min(n, len(all))
		at := r.IntN(len(all) - n + 1)
		return string(all[at : at+n])
	}
	out := make([]catalog.Query, catalogueSearches)
	for i := range out {
		d := drafts[r.IntN(len(drafts))]
		item := "名称"
		if len(d.Items) > 0 {
			item = d.Items[r.IntN(len(d.Items))].NameZH
		}
		q := &out[i]
		switch i % 10 {
		case 0:
			q.Text = d.NameZH
		case 1, 2:
			q.Text = piece(d.NameZH, 2)
		case 3:
			q.Text = spell(piece(d.NameZH, 4), letters)
		case 4:
			q.Text = spell(piece(d.NameZH, 3), pinyin.NewArgs())
		case 5:
			q.Text = item
		case 6:
			q.Text = []string{"信息", "登记", "日期", "示例省", "x", "单位"}[r.IntN(6)] // in almost all
		case 7:
			q.Text = piece(d.NameZH, 2) + " " + piece(item, 2)
		case 8:
			q.Text, q.Offset = "", r.IntN(300)*20
		case 9:
			q.Text = "我们想要的" + piece(d.NameZH, 4) + "方面数据"
		}
		if r.IntN(3) == 0 {
			q.Provider = []string{d.Provider}
		}
		if r.IntN(4) == 0 {
			q.Share = []string{d.Share}
		}
	}
	return out
}

// catalogueBaseline is the 99th percentile of the same words asked of the
// tables, in milliseconds, of every tenth query.
func catalogueBaseline(ctx context.Context, db *pgxpool.Pool, queries []catalog.Query) (float64, error) {
	var took []time.Duration
	for i := 1; i < len(queries); i += 10 {
		start := time.Now()
		var n int
		var codes []string
		var facets [4]map[string]int
		err := db.QueryRow(ctx, catalogueBaselineSQL, pgx.NamedArgs{"word": queries[i].Text}).Scan(&n, &codes, &facets[0], &facets[1], &facets[2], &facets[3])
		if err != nil {
			return 0, fmt.Errorf("search the tables: %w", err)
		}
		took = append(took, time.Since(start))
	}
	return percentile(took, 99), nil
}

func searchAtOnce(ctx context.Context, store *catalog.Store, scope access.Scope, queries []catalog.Query, n int) ([]time.Duration, error) {
	took := make([]time.Duration, len(queries))
	errs := make([]error, n)
	var wg sync.WaitGroup
	for w := range n {
		wg.Go(func() {
			for i := w; i < len(queries); i += n {
				start := time.Now()
				if _, err := store.Search(ctx, scope, queries[i]); err != nil {
					errs[w] = err
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return nil, errs[i]
	}
	return took, nil
}

// searchAfterChange times searches each of which finds the catalogue changed.
func searchAfterChange(ctx context.Context, db *pgxpool.Pool, store *catalog.Store, scope access.Scope, queries []catalog.Query) ([]time.Duration, error) {
	var took []time.Duration
	for i, q := range queries {
		if _, err := db.Exec(ctx, `UPDATE onemap.resource SET abstract = abstract || '。' WHERE id = (SELECT id FROM onemap.resource ORDER BY id OFFSET $1 LIMIT 1)`, 30+i); err != nil {
			return nil, err
		}
		start := time.Now()
		if _, err := store.Search(ctx, scope, q); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	return took, nil
}

// catalogueHTTP times the whole way: signed in by key, JSON with 20 results.
func (o Options) catalogueHTTP(ctx context.Context, dbURL, key string, queries []catalog.Query) error {
	base, stop, err := o.Serve(ctx, dbURL)
	if err != nil {
		return err
	}
	defer stop()
	var took []time.Duration
	for i, q := range queries {
		v := url.Values{"q": {q.Text}, "limit": {"20"}}
		if len(q.Provider) > 0 {
			v.Set("provider", q.Provider[0])
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/catalogue?"+v.Encode(), nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+key)
		start := time.Now()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("search over HTTP: %s", resp.Status)
		}
		if i >= 20 { // the server reads everything first
			took = append(took, time.Since(start))
		}
	}
	o.latency("over HTTP, p99", took, 99, 0)
	return nil
}
