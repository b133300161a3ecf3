package layers_test

import (
	"testing"

	"onemap/layers/layerstest"
)

// What the schema itself refuses, whoever writes.
func TestTheSchemaRefuses(t *testing.T) {
	db := layerstest.DB(t)
	for _, sql := range []string{
		`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('o', 'town', 'department', '', 'x', 'x')`,
		`INSERT INTO onemap.layer_grant (layer, org, fields, reason, granted_by) VALUES ('incident', 'o', NULL, 'x', 'x'), ('incident', 'o', '{}', 'x', 'x'), ('incident', 'o', '{state,severity}', 'x', 'x')`,
		`INSERT INTO onemap.incident_flow (incident, actor, org, action, from_state, to_state) VALUES (1, 'x', 'x', 'report', '', 'reported')`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		`INSERT INTO onemap.layer_grant (layer, org, fields, reason, granted_by) VALUES ('incident', 'o', '{{state},{severity}}', 'x', 'x')`,
		`UPDATE onemap.incident_flow SET actor = 'y'`, `DELETE FROM onemap.incident_flow`, `TRUNCATE onemap.incident_flow`,
	} {
		if _, err := db.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was allowed", sql)
		}
	}
}
