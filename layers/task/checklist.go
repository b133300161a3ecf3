package task

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Checklist of visits, in one of its versions.
type Checklist struct {
	Code       string          `json:"code" pattern:"^[a-z0-9][a-z0-9_-]{0,39}$"`
	Version    int             `json:"version"`
	NameZH     string          `json:"name_zh"`
	NameEN     string          `json:"name_en"`
	Industries []string        `json:"industries" nullable:"false" doc:"Of the enterprises that it is for; empty: of those that no other is for"`
	Active     bool            `json:"active"`
	MadeBy     string          `json:"made_by"`
	MadeAt     time.Time       `json:"made_at"`
	Items      []ChecklistItem `json:"items" nullable:"false" doc:"In their order"`
}

// A ChecklistItem is one of a checklist.
type ChecklistItem struct {
	Code      string   `json:"code" pattern:"^[0-9A-Za-z._-]{1,24}$"`
	TextZH    string   `json:"text_zh" minLength:"1" maxLength:"500"`
	TextEN    string   `json:"text_en,omitempty" maxLength:"1000"`
	Kind      string   `json:"kind" enum:"yes_no,number,text,photo" doc:"A yes_no item fails with no; a number outside of at_least and at_most"`
	Required  bool     `json:"required,omitempty"`
	AtLeast   *float64 `json:"at_least,omitempty"`
	AtMost    *float64 `json:"at_most,omitempty"`
	Law       string   `json:"law,omitempty" maxLength:"200" doc:"Where it comes from"`
	FailOpens string   `json:"fail_opens,omitempty" enum:"general,major," doc:"The hazard that a failure suggests; empty: a failure opens none"`
}

// Checklists returns all checklists in their current versions; all: those that
// are no longer in use, too.
func (s *Store) Checklists(ctx context.Context, all bool) ([]Checklist, error) {
	return checklists(ctx, s.Layers.DB(), `SELECT * FROM (SELECT DISTINCT ON (code) * FROM onemap.checklist ORDER BY code, version DESC) c WHERE active OR $1 ORDER BY code`, all)
}

// Checklist returns a checklist in a version; 0 is the current one. It returns
// an error wrapping [layers.ErrNotFound] if there is none.
func (s *Store) Checklist(ctx context.Context, code string, version int) (Checklist, error) {
	return checklist(ctx, s.Layers.DB(), code, version)
}

func checklist(ctx context.Context, db querier, code string, version int) (Checklist, error) {
	if err := layers.CheckText("checklist", code, 40); err != nil {
		return Checklist{}, err
	}
	found, err := checklists(ctx, db, `SELECT * FROM onemap.checklist WHERE code = $1 AND ($2 = 0 OR version = $2) ORDER BY version DESC LIMIT 1`, code, version)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("checklist %q: %w", code, layers.ErrNotFound)
	}
	if err != nil {
		return Checklist{}, err
	}
	return found[0], nil
}

// checklists reads those that a query gives, with their items.
func checklists(ctx context.Context, db querier, sql string, args ...any) ([]Checklist, error) {
	rows, err := db.Query(ctx, `SELECT code, version, name_zh, name_en, industries, active, made_by, made_at FROM (`+sql+`) c`, args...)
	if err != nil {
		return nil, fmt.Errorf("checklists: %w", err)
	}
	lists, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (Checklist, error) {
		c := Checklist{Items: []ChecklistItem{}}
		err := r.Scan(&c.Code, &c.Version, &c.NameZH, &c.NameEN, &c.Industries, &c.Active, &c.MadeBy, &c.MadeAt)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("checklists: %w", err)
	}
	for i := range lists {
		c := &lists[i]
		rows, err := db.Query(ctx, `SELECT code, text_zh, text_en, kind, required, at_least, at_most, law, fail_opens FROM onemap.checklist_item
			WHERE checklist = $1 AND version = $2 ORDER BY position`, c.Code, c.Version)
		if err != nil {
			return nil, fmt.Errorf("checklists: %w", err)
		}
		if c.Items, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ChecklistItem]); err != nil {
			return nil, fmt.Errorf("checklists: %w", err)
		}
	}
	return lists, nil
}

// PutChecklist makes the version after c.Version of a checklist, or a new one
// where that is 0; older versions stay. It returns [access.ErrForbidden] for
// whoever is no administrator, an error wrapping [layers.ErrConflict] where
// c.Version is not the current one, and a [layers.InputError] for the rest.
func (s *Store) PutChecklist(ctx context.Context, scope access.Scope, c Checklist, address string) (Checklist, error) {
	if err := scope.Require(access.Administrator); err != nil {
		return Checklist{}, err
	}
	if err := c.check(); err != nil {
		return Checklist{}, err
	}
	who, _ := scope.Person()
	if c.Industries == nil {
		c.Industries = []string{}
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// One writer at a time: versions follow each other.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.checklist/' || $1, 0))`, c.Code); err != nil {
			return err
		}
		var now int
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM onemap.checklist WHERE code = $1`, c.Code).Scan(&now); err != nil {
			return err
		}
		if now != c.Version {
			return fmt.Errorf("checklist %s is at version %d: look at it again: %w", c.Code, now, layers.ErrConflict)
		}
		b := &pgx.Batch{}
		b.Queue(`INSERT INTO onemap.checklist (code, version, name_zh, name_en, industries, active, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			c.Code, now+1, c.NameZH, c.NameEN, c.Industries, c.Active, who.Login)
		for n, i := range c.Items {
			b.Queue(`INSERT INTO onemap.checklist_item (checklist, version, position, code, text_zh, text_en, kind, required, at_least, at_most, law, fail_opens)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
				c.Code, now+1, n+1, i.Code, i.TextZH, i.TextEN, i.Kind, i.Required, i.AtLeast, i.AtMost, i.Law, i.FailOpens)
		}
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "checklist.put", Object: fmt.Sprintf("checklist/%s/%d", c.Code, now+1), Result: access.Done, Address: address})
	})
	if err != nil {
		return Checklist{}, wrap("put checklist", err)
	}
	return s.Checklist(ctx, c.Code, 0)
}

// check says what is wrong with a checklist.
func (c Checklist) check() error {
	for _, t := range []struct {
		field, text string
		most        int
	}{{"name_zh", c.NameZH, 100}, {"name_en", c.NameEN, 200}, {"industries", strings.Join(c.Industries, ""), 4000}} {
		if err := layers.CheckText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if strings.TrimSpace(c.NameZH) == "" || strings.TrimSpace(c.NameEN) == "" {
		return &layers.InputError{Field: "name_zh", Remedy: "a name in both languages"}
	}
	seen := map[string]bool{}
	for n, i := range c.Items {
		field := fmt.Sprintf("items[%d].", n)
		for _, t := range []struct {
			field, text string
			most        int
		}{{"text_zh", i.TextZH, 500}, {"text_en", i.TextEN, 1000}, {"law", i.Law, 200}} {
			if err := layers.CheckText(field+t.field, t.text, t.most); err != nil {
				return err
			}
		}
		switch {
		case !isCode(i.Code):
			return &layers.InputError{Field: field + "code", Value: layers.Short(i.Code), Remedy: "1 to 24 letters, digits, dots, dashes, underscores"}
		case seen[i.Code]:
			return &layers.InputError{Field: field + "code", Value: layers.Short(i.Code), Remedy: "each code once"}
		case strings.TrimSpace(i.TextZH) == "":
			return &layers.InputError{Field: field + "text_zh", Remedy: "what is asked, in words"}
		case !slices.Contains([]string{"yes_no", "number", "text", "photo"}, i.Kind):
			return &layers.InputError{Field: field + "kind", Value: layers.Short(i.Kind), Remedy: "yes_no, number, text or photo"}
		case !slices.Contains([]string{"", "general", "major"}, i.FailOpens):
			return &layers.InputError{Field: field + "fail_opens", Value: layers.Short(i.FailOpens), Remedy: "general, major, or leave it out"}
		case (i.AtLeast != nil || i.AtMost != nil) && i.Kind != "number":
			return &layers.InputError{Field: field + "at_least", Remedy: "leave at_least and at_most out: they are of a number"}
		case i.AtLeast != nil && i.AtMost != nil && *i.AtLeast > *i.AtMost:
			return &layers.InputError{Field: field + "at_most", Remedy: "not less than at_least"}
		case i.FailOpens != "" && (i.Kind == "text" || i.Kind == "photo"):
			return &layers.InputError{Field: field + "fail_opens", Remedy: "leave it out: words and photos do not fail"}
		}
		seen[i.Code] = true
	}
	if len(c.Items) == 0 || len(c.Items) > 200 {
		return &layers.InputError{Field: "items", Remedy: "1 to 200 items"}
	}
	return nil
}

// isCode says whether s may be the code of an item.
func isCode(s string) bool {
	return len(s) >= 1 && len(s) <= 24 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-") == ""
}
