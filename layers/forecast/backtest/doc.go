// Package backtest says how wrong forecasts have been: it makes them again at
// many cuts of the past, each on the events before it alone, and compares them
// with what came (rolling origin: Tashman 2000; prequential: Dawid 1984).
//
// The measures are pooled over the cuts, for a single window of twenty events
// says nothing, and stand beside baselines of the same run:
//
//   - PAI = (n/N) / (a/A): how many times denser events were in the flagged
//     area than in the city; at areas that are the same for all models.
//   - PEI = n/n*, n* being what the best choice of that area would have caught.
//   - hit rate n/N.
//   - information gain IG = (1/N) sum ln(q_c / (a_c/A)) in nats an event, q being
//     the forecast's shares mixed with 2 % uniform, so that a zero costs much
//     and not everything.
//   - Poisson deviance, calibration by bins, coverage of intervals.
//
// It is pure: no database, HTTP, files or clock; the seed of the bootstrap is a
// parameter.
package backtest
