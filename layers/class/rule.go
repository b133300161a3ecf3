package class

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Rule says whose matter a class is (权责清单). It is for one grid, for a
// division, or for the class everywhere.
type Rule struct {
	ID       int64      `json:"id"`
	Standard string     `json:"standard"`
	Code     string     `json:"code" doc:"Of the matter's class"`
	ClassZH  string     `json:"class_zh"`
	ClassEN  string     `json:"class_en"`
	Grid     string     `json:"grid_code" doc:"A unit, responsibility or community grid; empty: any"`
	Area     string     `json:"area_code" doc:"The beginning of an administrative code; empty: any"`
	Dept     string     `json:"dept"`
	DeptZH   string     `json:"dept_zh"`
	DeptEN   string     `json:"dept_en"`
	Learnt   bool       `json:"learnt" doc:"From a decision of the command centre"`
	Incident int64      `json:"incident,omitempty" doc:"The case whose decision taught it"`
	Reason   string     `json:"reason"`
	By       string     `json:"made_by"`
	At       time.Time  `json:"made_at"`
	Ended    *time.Time `json:"ended_at,omitempty"`
}

// A RuleQuery asks for rules, the latest first. Zero fields ask for all in force.
type RuleQuery struct {
	Standard, Code, Grid, Area, Dept string
	Learnt                           bool  // only those
	Ended                            bool  // also those
	Before                           int64 // smaller numbers only: the next page
	Limit                            int
}

// Rules returns whose matter what is.
func (s *Store) Rules(ctx context.Context, q RuleQuery) ([]Rule, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT r.id, r.standard, r.code, coalesce(c.name_zh, ''), coalesce(c.name_en, ''), r.grid_code, r.area_code, r.dept, o.name_zh, o.name_en,
		    r.learnt, coalesce(r.incident, 0), r.reason, r.made_by, r.made_at, r.ended_at
		FROM onemap.class_rule r JOIN onemap.organisation o ON o.code = r.dept
		LEFT JOIN onemap.class c ON c.standard = r.standard AND c.kind = 'matter' AND c.code = r.code
		WHERE (@standard = '' OR r.standard = @standard) AND (@code = '' OR r.code = @code) AND (@grid = '' OR r.grid_code = @grid)
		  AND (@area = '' OR r.area_code = @area) AND (@dept = '' OR r.dept = @dept) AND (NOT @learnt OR r.learnt) AND (@ended OR r.ended_at IS NULL)
		  AND (@before::bigint = 0 OR r.id < @before) ORDER BY r.id DESC LIMIT @limit`,
		pgx.NamedArgs{"standard": q.Standard, "code": q.Code, "grid": q.Grid, "area": q.Area, "dept": q.Dept, "learnt": q.Learnt, "ended": q.Ended, "before": q.Before, "limit": q.Limit})
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Rule])
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	return all, nil
}

// A NewRule is what an administrator sets.
type NewRule struct {
	Standard string `json:"standard" maxLength:"100"`
	Code     string `json:"code" maxLength:"24" doc:"Of a matter's class"`
	Grid     string `json:"grid_code,omitempty" maxLength:"40" doc:"A unit, responsibility or community grid in force; left out: any"`
	Area     string `json:"area_code,omitempty" maxLength:"20" doc:"The beginning of an administrative code; left out: any"`
	Dept     string `json:"dept" maxLength:"32"`
	Reason   string `json:"reason,omitempty" maxLength:"500"`
}

var areaCode = regexp.MustCompile(`^[0-9A-Za-z_-]{0,20}$`)

// AddRule sets whose matter a class is, in the place of the rule that is there
// for the same grid or division, and returns the rule's number.
func (s *Store) AddRule(ctx context.Context, by access.Scope, r NewRule, address string) (int64, error) {
	if err := by.Require(access.Administrator); err != nil {
		return 0, err
	}
	var id int64
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) (err error) {
		id, err = s.addRule(ctx, tx, by, r, address)
		return err
	})
	if err != nil {
		return 0, access.Wrap("rule of "+r.Code, err)
	}
	return id, nil
}

func (s *Store) addRule(ctx context.Context, tx pgx.Tx, by access.Scope, r NewRule, address string) (int64, error) {
	if r.Grid != "" && r.Area != "" {
		return 0, &layers.InputError{Field: "area_code", Value: short(r.Area, 20), Remedy: "a grid or a division, not both: a grid lies in one division"}
	}
	if !areaCode.MatchString(r.Area) {
		return 0, &layers.InputError{Field: "area_code", Value: short(r.Area, 40), Remedy: "the beginning of an administrative code, such as 330782001"}
	}
	if err := checkText("reason", r.Reason, 500); err != nil {
		return 0, err
	}
	var class, grid bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.class WHERE standard = @standard AND kind = 'matter' AND code = @code),
		@grid = '' OR EXISTS (SELECT FROM map.grid_unit WHERE grid_code = @grid AND valid_to IS NULL) OR EXISTS (SELECT FROM map.grid_duty WHERE grid_code = @grid AND valid_to IS NULL)
		    OR EXISTS (SELECT FROM map.grid_community WHERE grid_code = @grid AND valid_to IS NULL)`,
		pgx.NamedArgs{"standard": r.Standard, "code": r.Code, "grid": r.Grid}).Scan(&class, &grid); err != nil {
		return 0, err
	}
	if !class {
		return 0, &layers.InputError{Field: "code", Value: short(r.Standard+" "+r.Code, 60), Remedy: "a matter's class, from /api/v1/classes?kind=matter"}
	}
	if !grid {
		return 0, &layers.InputError{Field: "grid_code", Value: short(r.Grid, 40), Remedy: "the code of a grid that is in force"}
	}
	var before any
	var was NewRule
	err := tx.QueryRow(ctx, `SELECT standard, code, grid_code, area_code, dept, reason FROM onemap.class_rule
		WHERE standard = @standard AND code = @code AND grid_code = @grid AND area_code = @area AND ended_at IS NULL`,
		pgx.NamedArgs{"standard": r.Standard, "code": r.Code, "grid": r.Grid, "area": r.Area}).Scan(&was.Standard, &was.Code, &was.Grid, &was.Area, &was.Dept, &was.Reason)
	if err == nil {
		before = was
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return 0, err
	}
	who, _ := by.Person()
	id, err := putRule(ctx, tx, Rule{Standard: r.Standard, Code: r.Code, Grid: r.Grid, Area: r.Area, Dept: r.Dept, Reason: r.Reason, By: who.Login})
	if err != nil {
		return 0, err
	}
	return id, remember(ctx, tx, by, address, ofRule, Key{r.Standard, Matter, r.Code}, fmt.Sprint(id), before, r, r.Reason)
}

// EndRule takes a rule out of force, also one that was learnt.
func (s *Store) EndRule(ctx context.Context, by access.Scope, id int64, reason, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	if err := checkText("reason", reason, 500); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error { return endRule(ctx, tx, by, id, reason, address) })
	if err != nil {
		return access.Wrap(fmt.Sprintf("end rule %d", id), err)
	}
	return nil
}

func endRule(ctx context.Context, tx pgx.Tx, by access.Scope, id int64, reason, address string) error {
	var was NewRule
	err := tx.QueryRow(ctx, `UPDATE onemap.class_rule SET ended_at = now() WHERE id = $1 AND ended_at IS NULL RETURNING standard, code, grid_code, area_code, dept, reason`, id).
		Scan(&was.Standard, &was.Code, &was.Grid, &was.Area, &was.Dept, &was.Reason)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("rule %d in force: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return err
	}
	return remember(ctx, tx, by, address, ofRule, Key{was.Standard, Matter, was.Code}, fmt.Sprint(id), was, nil, reason)
}

// restoreRule puts the rule back that a change ended or replaced, or ends the
// one that it made.
func (s *Store) restoreRule(ctx context.Context, tx pgx.Tx, by access.Scope, c Revision, reason, address string) error {
	if c.Before == nil {
		var made NewRule
		if err := json.Unmarshal(c.After, &made); err != nil {
			return fmt.Errorf("change %d: %w", c.ID, err)
		}
		var id int64
		if _, err := fmt.Sscan(c.Key, &id); err != nil {
			return fmt.Errorf("change %d: %w", c.ID, err)
		}
		return endRule(ctx, tx, by, id, reason, address)
	}
	var was NewRule
	if err := json.Unmarshal(c.Before, &was); err != nil {
		return fmt.Errorf("change %d: %w", c.ID, err)
	}
	was.Reason = reason
	_, err := s.addRule(ctx, tx, by, was, address)
	return err
}
