package class_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/class"
	"onemap/layers/worktime"
)

const (
	of2013 = "GB/T 30428.2-2013"
	of2007 = "CJ/T 214-2007"
)

// TestExposedGarbage is the trap of the three editions: the same matter has
// three codes, and each of them is another matter elsewhere.
func TestExposedGarbage(t *testing.T) {
	w := newWorld(t)
	for standard, code := range map[string]string{of2007: "0102", of2013: "0110", national: "06010"} {
		c, err := w.s.Get(t.Context(), w.db, class.Key{Standard: standard, Kind: class.Matter, Code: code})
		if err != nil || c.NameZH != "暴露垃圾" {
			t.Errorf("%s %s: %q, %v", standard, code, c.NameZH, err)
		}
	}
	links, err := w.s.Crosswalk(t.Context(), w.db, class.Key{Standard: of2007, Kind: class.Matter, Code: "0102"}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var to []string
	for _, l := range links {
		to = append(to, l.ToStandard+" "+l.ToCode)
	}
	if !slices.Equal(to, []string{of2013 + " 0110", national + " 06010"}) {
		t.Errorf("0102 of 2007 became %q", to)
	}
	_, err = w.s.Matter(t.Context(), w.db, of2013, "0110")
	if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "2026-07-01") || !strings.Contains(err.Error(), "06010 暴露垃圾") {
		t.Errorf("a new case of 2013's code: %v", err)
	}
}

func TestListsAreWhole(t *testing.T) {
	w := newWorld(t)
	editions, err := w.s.Editions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []class.Edition{
		{Standard: national, Active: true, Components: 153, Matters: 250, SecondHand: true},
		{Standard: of2013, Components: 66, Matters: 75, SecondHand: true},
		{Standard: of2007, Matters: 54, SecondHand: true},
		{Standard: "onemap-calls", Active: true, Matters: 32},
	} {
		i := slices.IndexFunc(editions, func(e class.Edition) bool { return e.Standard == want.Standard })
		if i < 0 {
			t.Errorf("%s is missing", want.Standard)
			continue
		}
		got := editions[i]
		if got.Active != want.Active || got.Components != want.Components || got.Matters != want.Matters || got.SecondHand != want.SecondHand {
			t.Errorf("%+v, want %+v", got, want)
		}
		if got.SecondHand && (!strings.Contains(got.NoteEN, "not checked against the official text") || !strings.Contains(got.NoteZH, "未与标准原文核对")) {
			t.Errorf("%s does not say that it is second-hand: %q", got.Standard, got.NoteEN)
		}
	}
	for what, sql := range map[string]string{
		"a class has no version":                        `SELECT count(*) FROM onemap.class WHERE version = 0`,
		"a class's initials are not letters":            `SELECT count(*) FROM onemap.class WHERE initials !~ '^[a-z0-9]+$'`,
		"a 2026 class without certainty":                `SELECT count(*) FROM onemap.class WHERE standard = 'GB/T 47678.5-2026' AND certainty <> 'sourced'`,
		"more than 8 of 2013 have no successor":         `SELECT count(*) - 8 FROM onemap.class c WHERE standard = 'GB/T 30428.2-2013' AND NOT EXISTS (SELECT FROM onemap.class_crosswalk x WHERE (x.from_standard, x.from_kind, x.from_code) = (c.standard, c.kind, c.code))`,
		"the crosswalk goes back in time":               `SELECT count(*) FROM onemap.class_crosswalk WHERE from_standard = 'GB/T 47678.5-2026' OR to_standard = 'CJ/T 214-2007'`,
		"2007 and 2026 do not agree by way of 2013":     `SELECT count(*) FROM onemap.class_crosswalk a JOIN onemap.class_crosswalk b ON (b.from_standard, b.from_code) = (a.to_standard, a.to_code) AND b.from_kind = 'matter' WHERE a.from_standard = 'CJ/T 214-2007' AND a.to_standard = 'GB/T 30428.2-2013' AND NOT EXISTS (SELECT FROM onemap.class_crosswalk c WHERE (c.from_standard, c.from_code, c.to_standard, c.to_code) = (a.from_standard, a.from_code, b.to_standard, b.to_code))`,
		"a matter of 2026 has no condition":             `SELECT count(*) FROM onemap.class c WHERE standard = 'GB/T 47678.5-2026' AND kind = 'matter' AND NOT EXISTS (SELECT FROM onemap.class_condition k WHERE (k.standard, k.kind, k.class) = (c.standard, c.kind, c.code) AND k.active)`,
		"a call has no condition":                       `SELECT count(*) FROM onemap.class c WHERE standard = 'onemap-calls' AND NOT EXISTS (SELECT FROM onemap.class_condition k WHERE (k.standard, k.kind, k.class) = (c.standard, c.kind, c.code) AND k.limit_unit = 'urgent_hour')`,
		"a condition has no words or no end":            `SELECT count(*) FROM onemap.class_condition WHERE text_zh = '' OR text_en = '' OR close_zh = ''`,
		"an inferred class goes on as a certain one":    `SELECT count(*) FROM onemap.class_crosswalk x JOIN onemap.class c ON (c.standard, c.kind, c.code) = (x.from_standard, x.from_kind, x.from_code) WHERE c.certainty = 'inferred' AND x.certainty <> 'inferred'`,
		"a limit of area A is longer than the ordinary": `SELECT count(*) FROM onemap.class_condition WHERE limits -> 'A' ->> 1 = limit_unit AND (limits -> 'A' ->> 0)::int > limit_n OR limits -> 'C' ->> 1 = limit_unit AND (limits -> 'C' ->> 0)::int < limit_n`,
	} {
		var n int
		w.one(sql, &n)
		if n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
}

// TestLimitsOfTheField are rows of the matrix of one city's standard.
func TestLimitsOfTheField(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		code, condition, area, want string
	}{
		{"01001", "missing", "B", "2紧急工作时"},
		{"01002", "broken", "B", "4工作时"},
		{"01006", "broken", "B", "1工作日"},
		{"01003", "rattling", "B", "2工作日"},
		{"01003", "settled", "B", "5工作日"},
		{"01004", "blocked", "B", "1工作日"},
		{"01026", "missing", "B", "4紧急工作时"},
		{"01037", "dark", "B", "2工作日"},
		{"02007", "flooded", "B", "2紧急工作时"},
		{"04002", "missing", "B", "15工作日"},
		{"06010", "", "B", "4工作时"}, {"06010", "", "A", "2工作时"}, {"06010", "", "C", "1工作日"},
		{"06012", "", "B", "2工作时"},
		{"06029", "", "B", "2紧急工作时"},
		{"06001", "progress", "B", "2自然日"}, {"06001", "finished", "B", "15工作日"},
		{"07001", "", "B", "1工作日"},
		{"09012", "", "B", "2工作时"},
		{"06013", "collapse", "B", "2紧急工作时"},
	} {
		c, err := w.s.Condition(t.Context(), w.db, national, tt.code, tt.condition, tt.area)
		if err != nil || c.Limit.ZH() != tt.want {
			t.Errorf("%s %s in %s: %s, %v; want %s", tt.code, tt.condition, tt.area, c.Limit.ZH(), err, tt.want)
		}
	}
	c, err := w.s.Condition(t.Context(), w.db, national, "06001", "progress", "B")
	if err != nil || c.Original != "2紧急工作日" {
		t.Errorf("the source's own words: %+v, %v", c, err)
	}
	fire, err := w.s.Condition(t.Context(), w.db, "onemap-calls", "119-101", "", "B")
	if err != nil || fire.Limit != (worktime.Limit{N: 2, Unit: worktime.UrgentHour}) {
		t.Errorf("a fire: %+v, %v", fire, err)
	}
}

// TestHolidays counts what the State Council's notices leave: 248 working days
// in 2025 and in 2026.
func TestHolidays(t *testing.T) {
	w := newWorld(t)
	c, err := w.s.Calendar(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range []int{2025, 2026} {
		from, to := time.Date(year, 1, 1, 0, 0, 0, 0, c.Zone), time.Date(year+1, 1, 1, 0, 0, 0, 0, c.Zone)
		if got := c.Spent(from, to, worktime.WorkingDay) / (24 * time.Hour); got != 248 {
			t.Errorf("%d has %d working days", year, got)
		}
		if y, err := w.s.YearOf(t.Context(), year); err != nil || y.Missing != "" {
			t.Errorf("%d: %q, %v", year, y.Missing, err)
		}
	}
	for text, want := range map[string]bool{"2026-02-14": true, "2026-02-15": false, "2026-02-23": false, "2026-02-24": true, "2026-10-10": true, "2026-10-11": false, "2025-09-28": true, "2025-10-08": false} {
		day, _ := time.ParseInLocation(time.DateOnly, text, c.Zone)
		if c.Working(day) != want {
			t.Errorf("%s works: %v, want %v", text, !want, want)
		}
	}
	if y, err := w.s.YearOf(t.Context(), 2031); err != nil || !strings.Contains(y.Missing, "2031") || !slices.Equal(y.Years, []int{2025, 2026}) {
		t.Errorf("a year without entries: %+v, %v", y, err)
	}
}

func TestConvertComponent(t *testing.T) {
	w := newWorld(t)
	for from, want := range map[string]string{
		"3205080101000001": "32050801001000001", // 上水井盖
		"3307820137123456": "33078201037123456", // 路灯
		"3307820507000009": "33078201070000009", // 水域护栏 moved from 05 to 01
	} {
		got, err := w.s.ConvertComponent(t.Context(), w.db, from)
		if err != nil || got.Code != want || got.Certainty != "derived" {
			t.Errorf("%s: %+v, %v; want %s", from, got, err, want)
		}
	}
	for _, from := range []string{"", "330782010100000", "33078201001000001", "330782010100000x", "3307820504000001", "3307829901000001", "３３０７８２０１０１００００１"} {
		if got, err := w.s.ConvertComponent(t.Context(), w.db, from); !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%q: %+v, %v; want an input error", from, got, err)
		}
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	first := func(q class.Query) string {
		t.Helper()
		q.Limit = 10
		l, err := w.s.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Classes) == 0 {
			return ""
		}
		return l.Classes[0].Standard + " " + l.Classes[0].Code
	}
	for text, want := range map[string]string{
		"暴露垃圾": "06010", "bllj": "06010", "06010": "06010", "exposed": "06010", "牛皮癣": "07001", "违停": "09009", "路面坑洼": "06013",
	} {
		if got := first(class.Query{Kind: class.Matter, Text: text}); got != national+" "+want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := first(class.Query{Text: "0110", Kind: class.Matter, Edition: of2013}); got != "" {
		t.Errorf("a class that ended is found where only those in use are wanted: %s", got)
	}
	if got := first(class.Query{Text: "0110", Kind: class.Matter, Edition: of2013, All: true}); got != of2013+" 0110" {
		t.Errorf("and not where all are: %q", got)
	}
	for _, text := range []string{"%", "_", `\`, "没有这个"} {
		if got := first(class.Query{Text: text}); got != "" {
			t.Errorf("%q finds %s", text, got)
		}
	}
}
