package class

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/worktime"
)

// columns are those of a file of conditions, in their order. Limits are written
// as 4 working_hour and read as 4工作时 too.
var columns = []string{"standard", "class", "name", "condition", "position", "text_zh", "text_en", "close_zh", "limit", "limit_a", "limit_b", "limit_c", "original", "active"}

// needed are the columns that a file must have.
var needed = []string{"class", "condition", "text_zh", "limit"}

// maxFileRows is how many conditions a file may have.
const maxFileRows = 20_000

// WriteFilings writes the conditions of a list ("": of all) as CSV in UTF-8
// with a byte order mark, as spreadsheet programs want it. [Store.ReadFilings] reads it.
func (s *Store) WriteFilings(ctx context.Context, w io.Writer, standard string) error {
	rows, err := s.Layers.DB().Query(ctx, `SELECT k.standard, k.class, c.name_zh, k.code, k.position, k.text_zh, k.text_en, k.close_zh, k.limit_n, k.limit_unit, k.limits, k.original, k.active
		FROM onemap.class_condition k JOIN onemap.class c ON (c.standard, c.kind, c.code) = (k.standard, k.kind, k.class)
		WHERE $1 = '' OR k.standard = $1 ORDER BY k.standard, k.class, k.position, k.code`, standard)
	if err != nil {
		return fmt.Errorf("write conditions: %w", err)
	}
	defer rows.Close()
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for rows.Next() {
		var std, class, name string
		var f Filing
		var limits []byte
		if err := rows.Scan(&std, &class, &name, &f.Code, &f.Position, &f.TextZH, &f.TextEN, &f.CloseZH, &f.Limit.N, &f.Limit.Unit, &limits, &f.Original, &f.Active); err != nil {
			return fmt.Errorf("write conditions: %w", err)
		}
		if f.Limits, err = limitsOf(limits); err != nil {
			return fmt.Errorf("write conditions: %w", err)
		}
		line := []string{std, class, name, f.Code, strconv.Itoa(f.Position), f.TextZH, f.TextEN, f.CloseZH, f.Limit.String()}
		for _, area := range []string{"A", "B", "C"} {
			text := ""
			if l, ok := f.Limits[area]; ok {
				text = l.String()
			}
			line = append(line, text)
		}
		line = append(line, f.Original, strconv.FormatBool(f.Active))
		for i := range line {
			line[i] = layers.Unformula(line[i])
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("write conditions: %w", err)
	}
	out.Flush()
	return out.Error()
}

// String returns the limit as [worktime.ParseLimit] reads it.
func (l LimitBody) String() string { return worktime.Limit{N: l.N, Unit: l.Unit}.String() }

// A Reject is a line of a file that was not taken.
type Reject struct {
	Line   int    `json:"line" doc:"Of the file, the head is 1"`
	Field  string `json:"field"`
	Value  string `json:"value"`
	Reason string `json:"reason"`
}

// FileTaken is what became of a file of conditions.
type FileTaken struct {
	Rows      int      `json:"rows"`
	Changed   int      `json:"changed" doc:"Made or changed"`
	Unchanged int      `json:"unchanged"`
	Rejects   []Reject `json:"rejects" nullable:"false"`
	Tried     bool     `json:"tried,omitempty" doc:"Nothing was written: it was only looked at"`
}

// ReadFilings takes a file of conditions: CSV in UTF-8 or GB18030, with a head
// of the names that WriteFilings gives. Lines that are wrong are rejected with
// their reason, the others are taken, in one transaction. What the file does not
// name stays. With try, nothing is written.
func (s *Store) ReadFilings(ctx context.Context, by access.Scope, file []byte, try bool, reason, address string) (FileTaken, error) {
	if err := by.Require(access.Administrator); err != nil {
		return FileTaken{}, err
	}
	if err := checkText("reason", reason, 500); err != nil {
		return FileTaken{}, err
	}
	lines, err := readCSV(file)
	if err != nil {
		return FileTaken{}, err
	}
	took := FileTaken{Rejects: []Reject{}, Tried: try}
	back := errors.New("only tried")
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		for _, l := range lines {
			took.Rows++
			k, f, bad := l.filing()
			if bad == nil {
				// A line that fails must not take the others with it.
				err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
					changed, err := putFiling(ctx, tx, by, k, f, reason, address)
					if changed {
						took.Changed++
					} else if err == nil {
						took.Unchanged++
					}
					return err
				})
				var input *layers.InputError
				switch {
				case errors.Is(err, layers.ErrNotFound):
					bad = &Reject{Field: "class", Value: k.Standard + " " + k.Code, Reason: "no such class of matters"}
				case errors.As(err, &input):
					bad = &Reject{Field: input.Field, Value: input.Value, Reason: input.Remedy}
				case err != nil:
					return err
				}
			}
			if bad != nil {
				bad.Line = l.number
				bad.Value = short(bad.Value, 60)
				took.Rejects = append(took.Rejects, *bad)
			}
		}
		if try {
			return back
		}
		return nil
	})
	if err != nil && !errors.Is(err, back) {
		return FileTaken{}, access.Wrap("take conditions", err)
	}
	return took, nil
}

// A line is one row of a file, by its column's name.
type line struct {
	number int
	cells  map[string]string
}

// readCSV reads a file with a head.
func readCSV(file []byte) ([]line, error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if !utf8.Valid(file) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(file)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return nil, &layers.InputError{Field: "file", Remedy: "CSV in UTF-8 or GB18030"}
		}
		file = decoded
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, &layers.InputError{Field: "file", Remedy: "a first line with the columns' names: " + strings.Join(columns, ",")}
	}
	for i := range head {
		head[i] = strings.ToLower(strings.TrimSpace(head[i]))
		if !slices.Contains(columns, head[i]) {
			return nil, &layers.InputError{Field: "file", Value: short(head[i], 40), Remedy: "columns of these names: " + strings.Join(columns, ",")}
		}
	}
	for _, c := range needed {
		if !slices.Contains(head, c) {
			return nil, &layers.InputError{Field: "file", Remedy: "the column " + c + " is missing"}
		}
	}
	var all []line
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		number, _ := r.FieldPos(0)
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return nil, &layers.InputError{Field: "file", Value: fmt.Sprintf("line %d", bad.Line), Remedy: "CSV: quotes around a text with a comma, a quote or a line break, and quotes in it twice"}
		}
		if err != nil {
			return nil, err
		}
		if len(all) == maxFileRows {
			return nil, &layers.InputError{Field: "file", Remedy: fmt.Sprintf("at most %d lines", maxFileRows)}
		}
		l := line{number, map[string]string{}}
		for i, c := range cells {
			if i < len(head) {
				l.cells[head[i]] = layers.Bare(strings.TrimSpace(c))
			}
		}
		all = append(all, l)
	}
}

// filing reads a line; what is left out is as in a new condition of the list in force.
func (l line) filing() (Key, Filing, *Reject) {
	get := func(name, otherwise string) string {
		if v := l.cells[name]; v != "" {
			return v
		}
		return otherwise
	}
	bad := func(field, why string) (Key, Filing, *Reject) {
		return Key{}, Filing{}, &Reject{Field: field, Value: l.cells[field], Reason: why}
	}
	k := Key{get("standard", of2026), Matter, l.cells["class"]}
	f := Filing{Code: l.cells["condition"], TextZH: l.cells["text_zh"], TextEN: l.cells["text_en"], CloseZH: l.cells["close_zh"], Original: l.cells["original"]}
	var err error
	if f.Position, err = strconv.Atoi(get("position", "0")); err != nil {
		return bad("position", "a number from 0 to 999")
	}
	if f.Active, err = strconv.ParseBool(strings.ToLower(get("active", "true"))); err != nil {
		return bad("active", "true or false")
	}
	limit, err := worktime.ParseLimit(l.cells["limit"])
	if err != nil {
		return bad("limit", err.Error())
	}
	f.Limit = LimitBody{limit.N, limit.Unit}
	if f.Original == "" && limit.String() != l.cells["limit"] { // keep what the file's writer wrote
		f.Original = l.cells["limit"]
	}
	for _, area := range []string{"A", "B", "C"} {
		name := "limit_" + strings.ToLower(area)
		if l.cells[name] == "" {
			continue
		}
		own, err := worktime.ParseLimit(l.cells[name])
		if err != nil {
			return bad(name, err.Error())
		}
		if f.Limits == nil {
			f.Limits = map[string]LimitBody{}
		}
		f.Limits[area] = LimitBody{own.N, own.Unit}
	}
	return k, f, nil
}
