package bench

import (
	"context"
	"fmt"
	"strings"

	"onemap/layers/forecast/firerisk/model"
	"onemap/layers/forecast/firerisk/model/modeltest"
)

// fireRisk is how much lists by risk of fire find at the number of places that a
// crew can visit, beside lists that need no model, on days that had come to pass.
// Minneapolis has fires, and no inspections or grades; Chicago has inspections
// of places of food with both, and its event is one with critical findings.
func (o Options) fireRisk(ctx context.Context, dir string) error {
	for _, c := range []struct {
		name string
		read func(string) (modeltest.City, error)
	}{{"Minneapolis, fires at squares of 100 m", modeltest.Minneapolis}, {"Chicago, critical findings at places of food", modeltest.Chicago}} {
		o.Progress("Fire risk, " + c.name)
		city, err := c.read(dir)
		if err != nil {
			return err
		}
		trial, err := city.Trial(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		m := trial.Orders[0]
		what := fmt.Sprintf("Fire risk, %s: recall at %d of %d places", c.name, trial.K, trial.Places)
		o.Report(Result{Bench: "forecast", Case: fmt.Sprintf("%s, model [%.1f, %.1f], lift %.2f, AUC %.3f, on %d past days", what, 100*m.Low, 100*m.High, m.Lift, m.AUC, len(trial.Splits)),
			Value: 100 * m.Recall, Unit: "%", Baseline: 100 * trial.Orders[len(trial.Orders)-1].Recall, Ratio: m.Lift, Target: "passes its gate", Met: trial.Passed})
		for _, x := range trial.Orders[1:] {
			name := fmt.Sprintf("%s, model beside %s (lift %.2f), more by %.1f to %.1f points", what, strings.ReplaceAll(x.Name, "_", " "), x.Lift, 100*x.LessLow, 100*x.LessHigh)
			if x.Name == model.ByUnseen && len(city.Places[0].Visits) == 0 {
				continue // nobody was ever visited: it is chance
			}
			o.Report(Result{Bench: "forecast", Case: name, Value: 100 * m.Recall, Unit: "%", Baseline: 100 * x.Recall, Ratio: over(m.Recall, x.Recall), Met: true})
		}
	}
	return nil
}
