package evaluate_test

import (
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/evaluate"
	"onemap/layers/layerstest"
)

func TestSmoke(t *testing.T) {
	db := layerstest.DB(t)
	s := &evaluate.Store{Layers: layers.NewStore(db)}
	zone, err := s.Zone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, _ := evaluate.PeriodOf("month", time.Now(), zone)
	for _, q := range []evaluate.Query{{Subject: "area"}, {Subject: "area", Level: "grid_duty"}, {Subject: "area", Level: "grid_unit"}, {Subject: "department"}, {Subject: "post", Post: "collector"}, {Subject: "post", Post: "collector", ByPerson: true},
		{Subject: "post", Post: "acceptor"}, {Subject: "post", Post: "shift_leader"}, {Subject: "post", Post: "dispatcher", ByPerson: true}} {
		q.Period = p
		r, err := s.Report(t.Context(), access.Operator("test"), q)
		if err != nil {
			t.Errorf("%+v: %v", q, err)
			continue
		}
		for _, d := range r.Definitions {
			if d.Kind != "count" {
				continue
			}
			if _, n, _, err := s.Cases(t.Context(), access.Operator("test"), evaluate.CaseQuery{Query: q, Count: d.Name, Total: true}); err != nil || n != 0 {
				t.Errorf("%+v: %s: %v", q, d.Name, err)
			}
		}
	}
}
