// Package glm is the Poisson regression of forecast.md: events of a cell in a
// time of H days on what the cell is like,
//
//	ln E[y] = X b + ln(area · H)
//
// fitted by iteratively reweighted least squares with a ridge. [Fit] is for any
// rows; [Model] is one of the ladder of hotspot models, with covariates of the
// map, what happened before, and the calendar.
//
// It is pure: values in, values out, the same bits on any number of cores.
package glm
