package main

// forecastCommand makes and judges forecasts of places.
type forecastCommand struct {
	Fit      forecastFitCmd      `cmd:"" help:"Make a forecast with its backtest, from the cases in the database."`
	Backtest forecastBacktestCmd `cmd:"" help:"Show how wrong a forecast has been or make it again; or hold the models against the past and keep nothing."`
	Predict  forecastPredictCmd  `cmd:"" help:"Write the cells of a forecast that was made as CSV or GeoJSON."`
	Score    forecastScoreCmd    `cmd:"" help:"Score any forecast of places against what happened."`
}

func (forecastCommand) Help() string {
	return `Forecasts are of places: a cell, a grid, a street block. No column about a person is ever read. fit takes
only classes that are marked as reported by the public.

Example:
  onemap forecast fit --classes 110-101,110-102 --horizon week
  onemap forecast backtest 7
  onemap forecast backtest --classes 110-101 --cell-m 200
  onemap forecast predict 7 --top 50
  onemap forecast score vendor.geojson burglaries.csv --area 1% --from 2017-03-01 --to 2017-03-31`
}
