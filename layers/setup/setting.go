package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/accountability"
	"onemap/layers/deploy/patrolplan"
	"onemap/layers/forecast"
	"onemap/layers/forecast/deviation"
	"onemap/layers/forecast/firerisk"
	"onemap/layers/sharing"
	"onemap/layers/worktime"
)

// A Setting is a value that a deployment may change.
type Setting struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"` // null: it is not set
	About string          `json:"about"`
}

// settings are those that may be changed. The value of one that is set may only
// be replaced by one of the same shape; like gives the shape of one that may be
// absent, and check says what else is wrong with it.
var settings = []struct {
	key, about string
	like       string // JSON
	check      func(json.RawMessage) string
}{
	{"access.second_factor", "The roles that need a second factor to sign in", `[""]`, areRoles},
	{"access.session", "When a session ends: so long after its last use, and so long after it began", `{"idle_minutes": 720, "max_hours": 168}`, nil},
	{"access.key_days", "The longest term of an API key that somebody makes for themselves", `366`, within(1, 3660)},
	{"access.reason_minutes", "How long a reason given for a sensitive layer holds", `480`, within(5, 1440)},
	{"audit.keep_months", "How many months the audit is kept; the law asks for six", `12`, within(6, 1200)},
	{"city.time_zone", "Of the calendar, of days and of periods; set it before the first case", `""`, isZone},
	{"grid.unit.code_pattern", "What codes of unit grids look like: a regular expression", `""`, isPattern},
	{"grid.duty.code_pattern", "The same of responsibility grids", `""`, isPattern},
	{"grid.community.code_pattern", "The same of community grids", `""`, isPattern},
	{"grid.dedicated.code_pattern", "The same of dedicated grids", `""`, isPattern},
	{"grid.micro.code_pattern", "The same of micro grids", `""`, isPattern},
	{"grid.unit.code_form", "How a new unit grid's code is made of its community's: what stands between, and how many digits", `{"digits": 3, "between": ""}`, nil},
	{"grid.duty.code_form", "The same of responsibility grids", `{"digits": 2, "between": "-Z"}`, nil},
	{"grid.community.code_form", "The same of community grids", `{"digits": 2, "between": ""}`, nil},
	{"case.warn_percent", "Of a limit, from which on a clock is yellow", `80`, within(1, 99)},
	{"case.stage_limits", "How many minutes a case may stay in each of the centre's states, and of which clock: urgent or working", `{}`, isStages},
	{"hazard.limits", "How many natural days a hazard may stay in each state; while it is rectified its own term counts", `{"found": 1, "rechecked": 3, "rectified": 3, "rechecking": 3, "registered": 3}`, nil},
	{"visit.tasks", "Whether visits become tasks by themselves, how far ahead, and when again", `{"make": true, "again_days": 7, "ahead_days": 7}`, nil},
	{"case.long_overdue_minutes", "A case is long overdue when it took its limit twice, and at least so long beyond it", `60`, within(0, 525600)},
	{"case.duplicate", "Within which distance and time a report of the same class is offered for merging", `{"hours": 24, "metres": 50}`, nil},
	{"case.dispatch_by_rule", "Whether a case whose owner a rule names goes to it in the filing step", `true`, nil},
	{"report.far_km", "How far outside of the city a report is refused; 0: nowhere", `50`, within(0, 20000)},
	{"position.keep_days", "How long positions of staff on duty are kept", `7`, within(1, 366)},
	{"position.fence_grids", "Which layers of grids are fences", `["grid_duty"]`, nil},
	{"patrol.cap", "How many minutes of planned patrols a cell may have in a week (0: no cap), and its side in metres", `{"minutes": 300, "cell_m": 150}`, isPatrolCap},
	{"patrol.near_m", "How near a worker must come to a point of a patrol", `50`, within(1, 10000)},
	{"hazard.warn_percent", "Of a hazard's term, from which on it is yellow", `80`, within(1, 99)},
	{"hazard.responsible_days", "How many days after a hazard ended the post of who was responsible is kept", `90`, within(0, 36500)},
	{"open311", "Whether the public may read and report, under which jurisdiction, and what is offered", `{"public": false, "contact": "", "standard": "", "anonymous": false, "jurisdiction": ""}`, nil},
	{"alert.sender", "The sender of our own CAP messages", `""`, nil},
	{"sharing.limits", "How long a request for data may wait: answer, supplement, deliver, dispute, and authority, where the provider was silent", `{}`, isSharingLimits},
	{"sharing.warn_percent", "Of such a limit, from which on its clock is yellow", `80`, within(1, 99)},
	{"sharing.authority", "The organisation that silence is told to and that decides disputes, by code; empty: the one above the provider", `""`, nil},
	{"sharing.longest_days", "No request for data asks for longer", `1096`, within(1, 36500)},
	{"sharing.ending_days", "How long before a grant's end the grantee is reminded", `30`, within(0, 366)},
	{"accountability.weights", "How much each rate of a department's score card counts in its score", `{}`, isWeights},
	{"accountability.grades", "From which score on A, B, C and D are given", `[90]`, isGrades},
	{"open.portal", "Whether the public gets open data at /open; it sees nothing without", `false`, nil},
	{"fire.classes", "Which classes of matters are fires: standard and code, which may end in *", `[{"code": "", "standard": ""}]`, isFireClasses},
	{"fire.limits", "Metres that a hydrant covers, seconds until an engine is to arrive, and of them until it leaves", `{"water_m": 150, "turnout_s": 60, "response_s": 300}`, isFireLimits},
	{"deviation", "In which grids counts are held against their expectation, the share of chance among what is told, and what a place is that repeats", `{"fdr": 0.1, "days": 90, "grid": "", "least": 3, "repeats": 4, "radius_m": 40}`, isDeviation},
	{"forecast.enabled", "Whether forecasts are made and shown at all: the kill switch", `true`, nil},
	{"forecast.keep", "How many days the cells of a forecast are kept that another took the place of, and of how many at most", `{"days": 35, "runs": 24}`, nil},
	{"forecast.shifts", "When the shifts begin: hours of the day, growing", `[0]`, isShifts},
	{"forecast.gate", "What a backtest must show, or its forecast is withheld", `{}`, isGate},
	{"phone.keep", "How many tiles a phone keeps, and how far around its grids", `{"tiles": 300, "margin_m": 200}`, nil},
}

func isFireClasses(value json.RawMessage) string {
	if _, err := firerisk.ParseClasses(value); err != nil {
		return err.Error()
	}
	return ""
}

func isFireLimits(value json.RawMessage) string {
	if err := firerisk.ParseLimits(value); err != nil {
		return err.Error()
	}
	return ""
}

func isDeviation(value json.RawMessage) string {
	if _, err := deviation.ParseRules(value); err != nil {
		return err.Error()
	}
	return ""
}

func isSharingLimits(value json.RawMessage) string {
	if _, err := sharing.ParseLimits(value); err != nil {
		return err.Error()
	}
	return ""
}

func isPatrolCap(value json.RawMessage) string {
	if _, err := patrolplan.ParseCap(value); err != nil {
		return err.Error()
	}
	return ""
}

func isShifts(value json.RawMessage) string {
	if _, err := forecast.ParseShifts(value); err != nil {
		return err.Error()
	}
	return ""
}

func isGate(value json.RawMessage) string {
	if _, err := forecast.ParseGate(value); err != nil {
		return err.Error()
	}
	return ""
}

func isWeights(value json.RawMessage) string {
	if _, err := accountability.ParseRules(value, []byte(`[90, 75, 60, 40]`)); err != nil {
		return err.Error()
	}
	return ""
}

func isGrades(value json.RawMessage) string {
	if _, err := accountability.ParseRules([]byte(`{}`), value); err != nil {
		return err.Error()
	}
	return ""
}

// Settings lists what a deployment may change, with what is set.
func Settings(ctx context.Context, db *pgxpool.Pool) ([]Setting, error) {
	var out []Setting
	for _, s := range settings {
		value, err := setting(ctx, db, s.key)
		if err != nil {
			return nil, err
		}
		out = append(out, Setting{s.key, value, s.about})
	}
	return out, nil
}

// ChangeSetting sets one, and says what it was before, null for what was not
// set. A value of the wrong shape, and a key that is none, are an
// [layers.InputError]. It is recorded with the reason.
func ChangeSetting(ctx context.Context, db *pgxpool.Pool, by access.Scope, key string, value json.RawMessage, reason string) (before json.RawMessage, err error) {
	if strings.TrimSpace(reason) == "" {
		return nil, &layers.InputError{Field: "reason", Remedy: "say why"}
	}
	if err := checkSetting(key, value); err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if before, err = setting(ctx, tx, key); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value); err != nil {
			return fmt.Errorf("change setting %s: %w", key, err)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "setting.change", Object: "setting/" + key, Result: access.Done, Reason: reason,
			Detail: map[string]any{"before": before, "after": value}})
	})
	return before, err
}

func setting(ctx context.Context, db interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}, key string) (json.RawMessage, error) {
	var value []byte
	err := db.QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = $1`, key).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return json.RawMessage("null"), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read setting %s: %w", key, err)
	}
	return value, nil
}

// checkSetting says what is wrong with a value.
func checkSetting(key string, value json.RawMessage) error {
	for _, s := range settings {
		if s.key != key {
			continue
		}
		bad := func(remedy string) error {
			return &layers.InputError{Field: key, Value: string(value), Remedy: remedy}
		}
		var like, got any
		if err := json.Unmarshal([]byte(s.like), &like); err != nil {
			return fmt.Errorf("shape of setting %s: %w", key, err)
		}
		d := json.NewDecoder(bytes.NewReader(value))
		if err := d.Decode(&got); err != nil || d.More() {
			return bad("JSON such as " + s.like + `; a text stands in quotes`)
		}
		if s.like != "{}" && !alike(got, like) { // {}: the check knows its shape
			return bad("of the shape " + s.like)
		}
		if s.check != nil {
			if remedy := s.check(value); remedy != "" {
				return bad(remedy)
			}
		}
		return nil
	}
	return &layers.InputError{Field: "key", Value: key, Remedy: `one that "onemap setting list" shows`}
}

// alike says whether two values of JSON are of the same shape: an object has
// the other's keys, and a list's items are of the kind of its first.
func alike(a, b any) bool {
	switch b := b.(type) {
	case map[string]any:
		a, ok := a.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range b {
			if x, ok := a[k]; !ok || !alike(x, v) {
				return false
			}
		}
		return true
	case []any:
		a, ok := a.([]any)
		for _, x := range a {
			ok = ok && alike(x, b[0])
		}
		return ok
	case float64:
		n, ok := a.(float64)
		return ok && n >= 0
	case string:
		_, ok := a.(string)
		return ok
	case bool:
		_, ok := a.(bool)
		return ok
	}
	return false
}

func within(least, most int) func(json.RawMessage) string {
	return func(value json.RawMessage) string {
		var n int
		if json.Unmarshal(value, &n) != nil || n < least || n > most {
			return fmt.Sprintf("a whole number from %d to %d", least, most)
		}
		return ""
	}
}

func areRoles(value json.RawMessage) string {
	var roles []access.Role
	if json.Unmarshal(value, &roles) != nil || slices.ContainsFunc(roles, func(r access.Role) bool { return !slices.Contains(access.Roles, r) }) {
		return fmt.Sprint("a list of ", access.Roles)
	}
	return ""
}

func isStages(value json.RawMessage) string {
	if _, err := worktime.ParseStageLimits(value); err != nil {
		return err.Error()
	}
	return ""
}

func isPattern(value json.RawMessage) string {
	var s string
	if _, err := regexp.Compile(textOf(value, &s)); err != nil || !strings.HasPrefix(s, "^") || !strings.HasSuffix(s, "$") {
		return "a regular expression for the whole code, from ^ to $"
	}
	return ""
}

func isZone(value json.RawMessage) string {
	var s string
	if _, err := time.LoadLocation(textOf(value, &s)); err != nil || s == "" || s == "Local" {
		return "a name of the IANA list, such as Asia/Shanghai"
	}
	return ""
}

// textOf is a text, whose being one was checked before.
func textOf(value json.RawMessage, s *string) string {
	_ = json.Unmarshal(value, s)
	return *s
}
