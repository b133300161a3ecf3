package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// index is the catalogue in memory at one moment. It never changes: what is
// newer is another index, which shares most of it.
type index struct {
	all   []*doc           // those that the pairs point at
	where map[pair][]int32 // places in all, ascending
	gone  map[int64]bool   // ids of all that were changed since, or went
	fresh []*doc           // those that were changed since

	names map[facetName][2]string // of classes, providers and divisions, in Chinese and English

	snapshot string    // of the database: what it sees is in here
	read     time.Time // when that was
}

const (
	// mostFresh is how many resources are searched one by one before they get
	// pairs of their own.
	mostFresh = 256
	// longest is how long the rows that tell of changes are kept, at least, twice.
	longest = 12 * time.Hour
)

// current returns the index of this moment: everything that was committed
// before the call is in it.
func (s *Store) current(ctx context.Context) (*index, error) {
	select {
	case s.turnstile() <- struct{}{}:
		defer func() { <-s.turnstile() }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.idx != nil && time.Since(s.idx.read) < longest {
		next, err := s.idx.follow(ctx, s)
		if err != nil {
			return nil, err
		}
		if next != nil {
			s.idx = next
			return next, nil
		}
	}
	next, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	s.idx = next
	return next, nil
}

// changedSQL asks what was committed since a snapshot, in whatever order: rows
// whose transaction that snapshot did not see.
const changedSQL = `SELECT pg_current_snapshot()::text, coalesce(array_agg(DISTINCT resource) FILTER (WHERE resource IS NOT NULL), '{}'), coalesce(bool_or(resource IS NULL), false)
	FROM onemap.resource_change WHERE xid >= pg_snapshot_xmin(@since::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, @since::text::pg_snapshot)`

// follow returns the index with what changed since; nil where so much did that
// it is better read anew.
func (x *index) follow(ctx context.Context, s *Store) (*index, error) {
	db := s.Layers.DB()
	next := *x
	var changed []int64
	var everything bool
	if err := db.QueryRow(ctx, changedSQL, pgx.NamedArgs{"since": x.snapshot}).Scan(&next.snapshot, &changed, &everything); err != nil {
		return nil, fmt.Errorf("what changed in the catalogue: %w", err)
	}
	next.read = time.Now()
	switch {
	case everything || len(changed) > 2000:
		return nil, nil
	case len(changed) == 0:
		return &next, nil
	}
	var docs []*doc
	err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		// Once more, by the snapshot that reads the resources.
		if err := tx.QueryRow(ctx, changedSQL, pgx.NamedArgs{"since": x.snapshot}).Scan(&next.snapshot, &changed, &everything); err != nil {
			return err
		}
		docs, next.names, err = readDocs(ctx, tx, `r.id = ANY (@ids)`, pgx.NamedArgs{"ids": changed})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("what changed in the catalogue: %w", err)
	}
	if everything {
		return nil, nil
	}
	next.gone = make(map[int64]bool, len(x.gone)+len(changed))
	for id := range x.gone {
		next.gone[id] = true
	}
	for _, id := range changed {
		next.gone[id] = true
	}
	newer := make(map[int64]bool, len(changed))
	for _, id := range changed {
		newer[id] = true
	}
	next.fresh = docs
	for _, d := range x.fresh {
		if !newer[d.r.ID] {
			next.fresh = append(next.fresh, d)
		}
	}
	if len(next.gone) > mostFresh {
		next.build(next.docs())
	}
	return &next, nil
}

// load reads the whole catalogue.
func (s *Store) load(ctx context.Context) (*index, error) {
	db := s.Layers.DB()
	// What tells of changes that every reader has seen is of no use any more:
	// whoever did not look for so long reads everything.
	if _, err := db.Exec(ctx, `DELETE FROM onemap.resource_change WHERE at < now() - make_interval(secs => @old)`, pgx.NamedArgs{"old": (2 * longest).Seconds()}); err != nil {
		return nil, fmt.Errorf("tidy changes of the catalogue: %w", err)
	}
	x := &index{read: time.Now()}
	var docs []*doc
	err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		if err := tx.QueryRow(ctx, `SELECT pg_current_snapshot()::text`).Scan(&x.snapshot); err != nil {
			return err
		}
		docs, x.names, err = readDocs(ctx, tx, `true`, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	x.build(docs)
	return x, nil
}

// readDocs reads resources by a condition, and the names of what they refer to.
func readDocs(ctx context.Context, tx pgx.Tx, cond string, args pgx.NamedArgs) ([]*doc, map[facetName][2]string, error) {
	rows, err := tx.Query(ctx, `SELECT 'class', code, name_zh, name_en FROM onemap.resource_class
		UNION ALL SELECT 'area', code, name_zh, name_en FROM onemap.area
		UNION ALL SELECT 'org', code, name_zh, name_en FROM onemap.organisation`)
	if err != nil {
		return nil, nil, err
	}
	names, classes, areas := map[facetName][2]string{}, map[string]string{}, map[string]string{}
	var kind, code, zh, en string
	_, err = pgx.ForEachRow(rows, []any{&kind, &code, &zh, &en}, func() error {
		switch kind {
		case "class":
			classes[code] = zh + " " + en
			names[facetName{byKind, code}], names[facetName{byClass, code}] = [2]string{zh, en}, [2]string{zh, en}
		case "area":
			areas[code] = zh + " " + en
			names[facetName{byArea, code}] = [2]string{zh, en}
		case "org":
			names[facetName{byProvider, code}] = [2]string{zh, en}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	found, err := read(ctx, tx, cond, args)
	if err != nil {
		return nil, nil, err
	}
	docs, py := make([]*doc, len(found)), newSpeller()
	for i, r := range found {
		docs[i] = newDoc(r, classes, areas, py)
	}
	return docs, names, nil
}

// docs are all resources of the index.
func (x *index) docs() []*doc {
	docs := make([]*doc, 0, len(x.all)+len(x.fresh))
	for _, d := range x.all {
		if !x.gone[d.r.ID] {
			docs = append(docs, d)
		}
	}
	return append(docs, x.fresh...)
}

// build gives all resources their pairs.
func (x *index) build(docs []*doc) {
	x.all, x.fresh, x.gone = docs, nil, nil
	x.where = map[pair][]int32{}
	for i, d := range docs {
		d.pairs(func(p pair) {
			at := x.where[p]
			if len(at) == 0 || at[len(at)-1] != int32(i) {
				x.where[p] = append(at, int32(i))
			}
		})
	}
}

// candidates calls f for each resource that may hold all the words: those that
// hold the rarest pair of any of them, and the fresh ones. Words of a single
// character rule none out.
func (x *index) candidates(words []string, f func(*doc)) {
	var rarest []int32
	some := false
	for _, w := range words {
		pairs(w, func(p pair) {
			if at := x.where[p]; !some || len(at) < len(rarest) {
				rarest, some = at, true
			}
		})
	}
	if some {
		for _, i := range rarest {
			if d := x.all[i]; !x.gone[d.r.ID] {
				f(d)
			}
		}
	} else {
		for _, d := range x.all {
			if !x.gone[d.r.ID] {
				f(d)
			}
		}
	}
	for _, d := range x.fresh {
		f(d)
	}
}
