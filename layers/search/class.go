package search

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Class is one of the classes of components (部件) or matters (事项).
type Class struct {
	Standard string `json:"standard"`
	Kind     string `json:"kind" enum:"component,matter"`
	Code     string `json:"code"`
	Major    string `json:"major" doc:"Code of the major class"`
	MajorZH  string `json:"major_zh"`
	MajorEN  string `json:"major_en"`
	NameZH   string `json:"name_zh"`
	NameEN   string `json:"name_en"`
	Initials string `json:"initials" doc:"Pinyin initials of name_zh, for search without a network"`
	Severity int    `json:"severity" doc:"1 red to 4 blue"`
	Dept     string `json:"dept" doc:"Who is responsible by default"`
}

//go:embed sql/classes.sql
var classesSQL string

// Classes returns the classes of a kind ("": both) that answer to text: a code,
// Chinese words, pinyin initials, or English words; the best first, all in the
// order of their codes where text is empty.
func (x *Index) Classes(ctx context.Context, kind, text string, limit int) ([]Class, error) {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	rows, err := x.Layers.DB().Query(ctx, classesSQL, pgx.NamedArgs{"kind": kind, "text": text, "like": like(text), "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("search classes: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Class])
	if err != nil {
		return nil, fmt.Errorf("search classes: %w", err)
	}
	return found, nil
}

// like escapes text for a LIKE pattern.
func like(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
