package class

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// A Class is one of the classes of components (部件) or matters (事项).
type Class struct {
	Standard  string `json:"standard"`
	Kind      string `json:"kind" enum:"component,matter"`
	Code      string `json:"code"`
	Major     string `json:"major" doc:"Code of the major class"`
	MajorZH   string `json:"major_zh"`
	MajorEN   string `json:"major_en"`
	NameZH    string `json:"name_zh"`
	NameEN    string `json:"name_en"`
	Initials  string `json:"initials" doc:"Pinyin initials of name_zh, for search without a network"`
	Severity  int    `json:"severity" doc:"1 red to 4 blue"`
	Dept      string `json:"dept" doc:"Who is responsible by default"`
	InUse     bool   `json:"in_use" doc:"New cases may be of it"`
	Active    bool   `json:"active" doc:"The class's own mark; in_use asks besides for its list to be in use, and that it has not ended. Send it as it is with a change"`
	EndedOn   string `json:"ended_on,omitempty" doc:"The first day without it"`
	Successor string `json:"successor,omitempty" doc:"What it became, in words, where it is not in use"`
	Certainty string `json:"certainty" enum:"sourced,derived,inferred,own" doc:"How sure code and name are: sourced from a public transcription, derived from the numbering, inferred from a gap in it, own of this installation. The national lists are second-hand until checked"`
	Extension bool   `json:"extension" doc:"The city's own code in a national list"`
	Version   int64  `json:"version" doc:"Send it with a change"`
}

// An Edition is one of the lists.
type Edition struct {
	Standard   string `json:"standard"`
	TitleZH    string `json:"title_zh"`
	TitleEN    string `json:"title_en"`
	Active     bool   `json:"active" doc:"New cases may be of it"`
	Since      string `json:"since,omitempty" doc:"In force from; absent: not known"`
	EndedOn    string `json:"ended_on,omitempty" doc:"Replaced on"`
	Components int    `json:"components" doc:"How many of them are here"`
	Matters    int    `json:"matters"`
	SecondHand bool   `json:"second_hand" doc:"Not checked against the official text"`
	NoteZH     string `json:"note_zh"`
	NoteEN     string `json:"note_en"`
}

// A Query asks for classes. Its zero value asks for all that are in use.
type Query struct {
	Edition string // a standard; "": all
	Kind    string // "": both
	Text    string // a code, Chinese words, pinyin initials, English words
	Since   int64  // only those that changed after that version, also where they are no longer in use
	All     bool   // also those that are not in use
	Limit   int
}

// A List is what a query finds.
type List struct {
	Version int64 // of all classes: to ask since it later
	Classes []Class
}

//go:embed sql/list.sql
var listSQL string

// List returns classes, the best first where a text is given, else by their codes.
func (s *Store) List(ctx context.Context, q Query) (List, error) {
	text := strings.ToLower(strings.Join(strings.Fields(q.Text), " "))
	var l List
	err := pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM onemap.class`).Scan(&l.Version); err != nil {
			return err
		}
		if q.Since > 0 && q.Since == l.Version {
			return nil
		}
		rows, err := tx.Query(ctx, listSQL, pgx.NamedArgs{"edition": q.Edition, "kind": q.Kind, "text": text, "like": like(text),
			"since": q.Since, "all": q.All || q.Since > 0, "limit": q.Limit, "standard": "", "code": ""})
		if err != nil {
			return err
		}
		l.Classes, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Class])
		return err
	})
	if err != nil {
		return List{}, fmt.Errorf("list classes: %w", err)
	}
	return l, nil
}

// Editions returns the lists that there are, the one in force first. Imported
// lists have no entry of their own; they are named by their standard.
func (s *Store) Editions(ctx context.Context) ([]Edition, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT c.standard, coalesce(e.title_zh, c.standard), coalesce(e.title_en, c.standard), coalesce(e.active, true),
		    coalesce(e.since::text, ''), coalesce(e.ended_on::text, ''), c.components, c.matters, coalesce(e.second_hand, false), coalesce(e.note_zh, ''), coalesce(e.note_en, '')
		FROM (SELECT standard, count(*) FILTER (WHERE kind = 'component') AS components, count(*) FILTER (WHERE kind = 'matter') AS matters
			FROM onemap.class GROUP BY 1) c
		LEFT JOIN onemap.class_edition e USING (standard) ORDER BY e.position NULLS LAST, c.standard`)
	if err != nil {
		return nil, fmt.Errorf("list editions: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Edition])
	if err != nil {
		return nil, fmt.Errorf("list editions: %w", err)
	}
	return all, nil
}

// A Key names a class.
type Key struct{ Standard, Kind, Code string }

// String returns the key as it is shown and audited.
func (k Key) String() string { return k.Standard + " " + k.Kind + " " + k.Code }

// Get returns one class, in use or not. It returns an error wrapping
// [layers.ErrNotFound] where there is none.
func (s *Store) Get(ctx context.Context, db Reader, k Key) (Class, error) {
	if k.Standard == "" || k.Kind == "" || k.Code == "" { // which the query takes for any
		return Class{}, fmt.Errorf("class %s: %w", k, layers.ErrNotFound)
	}
	rows, err := db.Query(ctx, listSQL, pgx.NamedArgs{"edition": k.Standard, "kind": k.Kind, "text": "", "like": "", "since": 0, "all": true, "limit": 1,
		"standard": k.Standard, "code": k.Code})
	if err != nil {
		return Class{}, fmt.Errorf("class %s: %w", k, err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Class])
	if errors.Is(err, pgx.ErrNoRows) {
		return Class{}, fmt.Errorf("class %s: %w", k, layers.ErrNotFound)
	}
	if err != nil {
		return Class{}, fmt.Errorf("class %s: %w", k, err)
	}
	return c, nil
}

// Aliases returns the other names of a class.
func (s *Store) Aliases(ctx context.Context, db Reader, k Key) ([]string, error) {
	rows, err := db.Query(ctx, `SELECT alias FROM onemap.class_alias WHERE (standard, kind, class) = (@standard, @kind, @code) ORDER BY alias`, args(k))
	if err != nil {
		return nil, fmt.Errorf("aliases of %s: %w", k, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("aliases of %s: %w", k, err)
	}
	return all, nil
}

func args(k Key) pgx.NamedArgs {
	return pgx.NamedArgs{"standard": k.Standard, "kind": k.Kind, "code": k.Code}
}

// like escapes text for a LIKE pattern.
func like(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// date reads a date of the API; "" is none.
func date(field, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1900 {
		return nil, &layers.InputError{Field: field, Value: short(text, 40), Remedy: "a date such as 2026-07-01"}
	}
	return &t, nil
}
