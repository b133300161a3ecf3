package setup_test

import (
	"encoding/json"
	"errors"
	"testing"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/layerstest"
	"onemap/layers/setup"
)

func TestSettings(t *testing.T) {
	db := layerstest.DB(t)
	all, err := setup.Settings(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	// What is set fits its own shape: none of the settings of a new database
	// could not be set as it is.
	for _, s := range all {
		if string(s.Value) == "null" {
			continue
		}
		before, err := setup.ChangeSetting(t.Context(), db, access.Operator("test"), s.Key, s.Value, "as it was")
		if err != nil || string(before) != string(s.Value) {
			t.Errorf("%s = %s: was %s, %v", s.Key, s.Value, before, err)
		}
	}
	for key, values := range map[string][]string{
		"grid.unit.code_pattern": {`^[0-9]{14}$`, `"^[0-9"`, `"[0-9]{15}"`, `15`, `"^a$" "^b$"`},
		"city.time_zone":         {`"Mars/Olympus"`, `""`, `"Local"`},
		"case.warn_percent":      {`0`, `100`, `80.5`, `"80"`, `null`},
		"position.keep_days":     {`0`, `-1`, `367`},
		"case.duplicate":         {`{"hours": 24}`, `{"hours": 24, "metres": "50"}`, `{"hours": -1, "metres": 50}`, `[]`},
		"case.stage_limits":      {`[]`, `{"reported": [30, "slow"]}`, `{"reported": 30}`},
		"open311":                {`{"public": true}`},
		"position.fence_grids":   {`[1]`, `"grid_duty"`},
		"city.setup":             {`{"city": "none", "done": false}`},
		"nothing":                {`1`},
	} {
		for _, v := range values {
			if _, err := setup.ChangeSetting(t.Context(), db, access.Operator("test"), key, json.RawMessage(v), "a test"); !errors.Is(err, layers.ErrInvalid) {
				t.Errorf("%s = %s: %v", key, v, err)
			}
		}
	}
	if _, err := setup.ChangeSetting(t.Context(), db, access.Operator("test"), "case.warn_percent", json.RawMessage(`70`), " "); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	before, err := setup.ChangeSetting(t.Context(), db, access.Operator("test"), "grid.unit.code_pattern", json.RawMessage(`"^LI-[0-9]{5}$"`), "codes of Liechtenstein")
	if err != nil || string(before) != `"^[0-9]{15}$"` {
		t.Errorf("was %s, %v", before, err)
	}
	var now, reason string
	if err := db.QueryRow(t.Context(), `SELECT (SELECT value #>> '{}' FROM onemap.setting WHERE key = 'grid.unit.code_pattern'),
		(SELECT reason FROM onemap.audit WHERE action = 'setting.change' ORDER BY id DESC LIMIT 1)`).Scan(&now, &reason); err != nil || now != "^LI-[0-9]{5}$" || reason != "codes of Liechtenstein" {
		t.Errorf("now %s, recorded %q, %v", now, reason, err)
	}
}
