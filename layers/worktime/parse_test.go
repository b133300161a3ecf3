package worktime_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"onemap/layers/worktime"
)

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]worktime.Limit{
		"4 working_hour": {N: 4, Unit: worktime.WorkingHour},
		"4工作时":           {N: 4, Unit: worktime.WorkingHour},
		"4小时":            {N: 4, Unit: worktime.WorkingHour},
		"２紧急工作时":         {N: 2, Unit: worktime.UrgentHour},
		" 2 紧急工作日 ":      {N: 2, Unit: worktime.NaturalDay},
		"15天":            {N: 15, Unit: worktime.WorkingDay},
		"0 自然日":          {N: 0, Unit: worktime.NaturalDay},
	} {
		got, err := worktime.ParseLimit(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if again, err := worktime.ParseLimit(want.String()); err != nil || again != want {
			t.Errorf("%q is not read back: %v, %v", want, again, err)
		}
		if again, err := worktime.ParseLimit(want.ZH()); err != nil || again != want {
			t.Errorf("%q is not read back: %v, %v", want.ZH(), again, err)
		}
	}
	for _, text := range []string{"", "4", "工作日", "-1天", "4 weeks", "99999999天", "1.5天"} {
		if l, err := worktime.ParseLimit(text); err == nil {
			t.Errorf("%q: %v, want an error", text, l)
		}
	}
}

func TestParseOffice(t *testing.T) {
	office, err := worktime.ParseOffice([]byte(`[["00:00","08:30"],["22:00","24:00"]]`))
	if err != nil {
		t.Fatal(err)
	}
	if got := worktime.FormatOffice(office); !reflect.DeepEqual(got, [][]string{{"00:00", "08:30"}, {"22:00", "24:00"}}) {
		t.Errorf("written: %v", got)
	}
	for text, want := range map[string]string{
		`[]`:                                    "none",
		`null`:                                  "none",
		`{}`:                                    "pairs",
		`[["08:00"]]`:                           "pairs",
		`[["8:00","12:00"]]`:                    "08:30",
		`[["08:00","25:00"]]`:                   "time of day",
		`[["22:00","06:00"]]`:                   "cut",
		`[["08:00","12:00"],["12:00","18:00"]]`: "pause",
		`[["14:00","18:00"],["08:00","12:00"]]`: "order",
	} {
		if _, err := worktime.ParseOffice([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
}

func TestParseZone(t *testing.T) {
	for _, name := range []string{"", "Local", "Asia/Yiwu", "../etc/passwd"} {
		if _, err := worktime.ParseZone(name); err == nil {
			t.Errorf("%q is taken for a time zone", name)
		}
	}
}

func TestParseStageLimits(t *testing.T) {
	got, err := worktime.ParseStageLimits([]byte(`{"reported": [30, "urgent"], "disputed": [240, "working"]}`))
	want := map[string]worktime.Allowance{"reported": {30 * time.Minute, worktime.UrgentHour}, "disputed": {4 * time.Hour, worktime.WorkingHour}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, text := range []string{`[]`, `{"reported": 30}`, `{"reported": [30]}`, `{"reported": [30, "slow"]}`, `{"reported": [-1, "urgent"]}`, `{"reported": ["30", "urgent"]}`} {
		if got, err := worktime.ParseStageLimits([]byte(text)); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
}
