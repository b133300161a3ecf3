// Package score judges any forecast of places: cells with a score or a flag,
// whoever made them, against what happened.
//
// With n of N events in the flagged area a of a city of area A,
//
//	hit rate = n/N    PAI = (n/N)/(a/A)    PEI = PAI/PAI* = n/n*
//
// PAI* being that of the best choice of as many cells, made by who knows the
// outcome (Chainey, Tompson & Uhlig 2008; Hunt 2016; rules of the
// NIJ Real-Time Crime Forecasting Challenge, 2017).
//
// One window of a few hundred events says little: one hit more moves the PAI by
// whole points. A [Result] has the interval that the number of events allows.
//
// It is pure: values in, values out. Coordinates are metres of a plane that
// keeps areas; times have been chosen by the caller.
package score
