package main

// forecastCommand makes and judges forecasts of places.
type forecastCommand struct {
	Score forecastScoreCmd `cmd:"" help:"Score any forecast of places against what happened."`
}

func (forecastCommand) Help() string {
	return `Forecasts are of places: a cell, a grid, a street block. No column about a person is ever read.

Example:
  onemap forecast score vendor.geojson burglaries.csv --area 1% --from 2017-03-01 --to 2017-03-31`
}
