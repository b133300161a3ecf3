package web_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"onemap/layers/quality"
)

// A rule is made and run, what fails is had as GeoJSON by right, and an error
// is reported and corrected by an edit, over HTTP.
func TestQualityOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET editable = true WHERE name = 'enterprise'`)
	rule := map[string]any{"layer": "enterprise", "kind": "uscc", "field": "uscc"}
	w.want(http.StatusForbidden, w.as("centre", "POST", "/api/v1/quality/rules", rule))
	w.want(http.StatusNotFound, w.as("admin", "POST", "/api/v1/quality/rules", rule))
	var made quality.Rule
	w.want(http.StatusCreated, w.as("police", "POST", "/api/v1/quality/rules", rule)).into(t, &made)
	if p := w.want(http.StatusUnprocessableEntity, w.as("police", "POST", "/api/v1/quality/rules", map[string]any{"layer": "enterprise", "kind": "pattern", "field": "name", "params": map[string]any{"pattern": "("}})).problem(t); p.Errors[0].Field != "params.pattern" {
		t.Errorf("%+v", p)
	}
	var card quality.Card
	w.want(http.StatusOK, w.as("police", "POST", "/api/v1/quality/runs", map[string]any{"layer": "enterprise"})).into(t, &card)
	if len(card.Results) != 1 || card.Results[0].B != 1 || card.Results[0].A != 0 {
		t.Fatalf("%+v", card)
	}
	var failing struct {
		Features []struct {
			ID         int64          `json:"id"`
			Rules      []int64        `json:"rules"`
			Properties map[string]any `json:"properties"`
		} `json:"features"`
	}
	w.want(http.StatusOK, w.as("police", "GET", "/api/v1/quality/failures?layer=enterprise", nil)).into(t, &failing)
	if len(failing.Features) != 1 || failing.Features[0].Rules[0] != made.ID || failing.Features[0].Properties["name"] != "东方化工" {
		t.Fatalf("%+v", failing)
	}
	w.want(http.StatusNotFound, w.as("planner", "GET", "/api/v1/quality/failures?layer=enterprise", nil))
	w.want(http.StatusUnprocessableEntity, w.as("police", "GET", "/api/v1/quality/failures?layer=enterprise&bbox=3,2,1,0", nil))

	ask := map[string]any{"uuid": uuid.NewString(), "layer": "enterprise", "feature": failing.Features[0].ID, "kind": "value", "field": "uscc", "proposed": "91350100M000100Y43", "reason": "执照如此", "rule": made.ID}
	var c quality.Correction
	w.want(http.StatusCreated, w.as("police", "POST", "/api/v1/corrections", ask)).into(t, &c)
	w.want(http.StatusOK, w.as("police", "POST", "/api/v1/corrections", ask))
	w.want(http.StatusNotFound, w.as("worker", "GET", "/api/v1/corrections/1", nil))
	w.want(http.StatusNotFound, w.as("urban", "POST", "/api/v1/corrections/1/actions", map[string]any{"uuid": uuid.NewString(), "action": "withdraw", "version": c.Version}))
	do := map[string]any{"uuid": uuid.NewString(), "action": "correct", "how": "edit", "version": c.Version}
	w.want(http.StatusOK, w.as("police", "POST", "/api/v1/corrections/1/actions", do)).into(t, &c)
	w.want(http.StatusOK, w.as("police", "POST", "/api/v1/corrections/1/actions", do)) // the same again
	if c.State != quality.Corrected {
		t.Errorf("%+v", c)
	}
	w.want(http.StatusOK, w.as("police", "POST", "/api/v1/quality/runs", map[string]any{"layer": "enterprise"})).into(t, &card)
	if *card.Score != 100 {
		t.Errorf("after the correction: %+v", card)
	}
}
