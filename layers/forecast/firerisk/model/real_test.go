package model_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"onemap/layers/forecast/firerisk/model"
	"onemap/layers/forecast/firerisk/model/modeltest"
)

// trialOf plays past days of a real city again, and returns the orders by name.
func trialOf(t *testing.T, read func(dir string) (modeltest.City, error)) (model.Trial, map[string]model.Order) {
	t.Helper()
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	c, err := read("../../../../../shared/data")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no real data: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	trial, err := c.Trial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]model.Order{}
	for _, o := range trial.Orders {
		by[o.Name] = o
		t.Logf("%-18s recall at %d of %d places %.3f [%.3f, %.3f] lift %.2f AUC %.3f, at 10 %%: %.3f, model finds more by %.3f to %.3f",
			o.Name, trial.K, trial.Places, o.Recall, o.Low, o.High, o.Lift, o.AUC, o.Curve[4], o.LessLow, o.LessHigh)
	}
	t.Logf("%d splits, %d events, %d at places, passed: %v %s", len(trial.Splits), trial.Fires, trial.AtPlaces, trial.Passed, trial.Why)
	return trial, by
}

func TestMinneapolis(t *testing.T) {
	trial, by := trialOf(t, modeltest.Minneapolis)
	if !trial.Passed || by[model.ByModel].Recall < by[model.ByFires].Recall-0.02 || by[model.ByModel].Recall <= by[model.ByUnseen].Recall {
		t.Errorf("the model does not hold against its baselines")
	}
}

func TestChicagoInspections(t *testing.T) {
	trial, by := trialOf(t, modeltest.Chicago)
	if !trial.Passed || by[model.ByModel].Recall <= by[model.ByFires].Recall || by[model.ByModel].Recall <= by[model.ByUnseen].Recall {
		t.Errorf("the model does not beat its baselines")
	}
}
