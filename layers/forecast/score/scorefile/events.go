package scorefile

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/datafile"
	"onemap/layers/forecast/score"
)

// An EventSource says how a file of events is read, and which of them count.
type EventSource struct {
	Path              string
	CRS               string
	Date, Class, X, Y string   // columns; "" are found by their usual names
	Classes           []string // that count, in any case; none: all
	// Events of [From, To) count; zero times have no bound.
	From, To time.Time
}

// Events are those that count.
type Events struct {
	At       []orb.Point // in the plane of score.Plane
	Rows     int         // of the file
	Unplaced int         // events that would count, but have no coordinates
	CRS      string
}

var (
	dateNames  = []string{"date", "occ_date", "occurred_at", "occurred", "occur_date", "date_occur", "reported_at", "report_date", "time", "datetime", "发生时间", "发生日期", "报警时间", "日期", "时间"}
	classNames = []string{"category", "class", "type", "crime", "offence", "offense", "kind", "类别", "类型", "案件类别"}
)

// ReadEvents reads events. It returns a [layers.InputError] for a file that
// will not do: no place, no date where a time was asked for, dates that
// cannot be read, and more than half of the events without coordinates.
func ReadEvents(ctx context.Context, s EventSource) (Events, error) {
	f, err := datafile.Open(ctx, s.Path, s.Path, "", datafile.Default)
	if err != nil {
		return Events{}, err
	}
	defer f.Close()
	sheet, err := f.Sheet(ctx, "", datafile.Header{})
	if err != nil {
		return Events{}, err
	}
	c := columns(sheet.Columns)
	date, errDate := c.find("date", s.Date, dateNames...)
	class, errClass := c.find("class-column", s.Class, classNames...)
	lonLat := s.X == "" && s.CRS == ""
	x, errX := c.find("x", s.X, lonNames...)
	y, errY := c.find("y", s.Y, latNames...)
	for _, err := range []error{errDate, errClass, errX, errY} {
		if err != nil {
			return Events{}, err
		}
	}
	if x < 0 || y < 0 {
		lonLat = false
		x, _ = c.find("", "", xNames...)
		y, _ = c.find("", "", yNames...)
	}
	switch {
	case !sheet.Geometry && (x < 0 || y < 0):
		return Events{}, &layers.InputError{Field: "events", Remedy: "events with a place: columns lon and lat, or those named by --x and --y. The file's columns: " + strings.Join(c, ", ")}
	case date < 0 && !(s.From.IsZero() && s.To.IsZero()):
		return Events{}, &layers.InputError{Field: "date", Remedy: "the column with the day of the event. The file's columns: " + strings.Join(c, ", ")}
	case class < 0 && len(s.Classes) > 0:
		return Events{}, &layers.InputError{Field: "class-column", Remedy: "the column with the class. The file's columns: " + strings.Join(c, ", ")}
	}
	system, err := systemOf(sheet, "events-crs", s.CRS, lonLat)
	if err != nil {
		return Events{}, err
	}
	out := Events{CRS: system.String()}
	classes := map[string]bool{} // seen
	err = f.Read(ctx, sheet, func(r *datafile.Row) error {
		out.Rows++
		if len(s.Classes) > 0 {
			v := at(r, class)
			if len(classes) < 30 {
				classes[v] = true
			}
			if !slices.ContainsFunc(s.Classes, func(w string) bool { return strings.EqualFold(w, v) }) {
				return nil
			}
		}
		if !s.From.IsZero() || !s.To.IsZero() {
			day, err := parseDay(at(r, date))
			if err != nil {
				return wrong(r, c[date], at(r, date), "a date such as 2017-03-01, or with the time 2017-03-01T18:30:00")
			}
			if day.Before(s.From) || !s.To.IsZero() && !day.Before(s.To) {
				return nil
			}
		}
		p, ok := place(r, sheet.Geometry, x, y)
		if !ok {
			out.Unplaced++
			return nil
		}
		out.At = append(out.At, p)
		return nil
	})
	if err != nil {
		return Events{}, err
	}
	if len(out.At)+out.Unplaced == 0 {
		return Events{}, none(s, out.Rows, classes)
	}
	if out.Unplaced*2 > len(out.At)+out.Unplaced {
		return Events{}, &layers.InputError{Field: "events", Remedy: fmt.Sprintf("events with coordinates: %d of %d have none, and a score of the others would say little", out.Unplaced, len(out.At)+out.Unplaced)}
	}
	if err := toLonLat(ctx, system, "events-crs", out.At); err != nil {
		return Events{}, err
	}
	for i, p := range out.At {
		out.At[i] = score.Plane(p)
	}
	return out, nil
}

// none says why no event counts.
func none(s EventSource, rows int, classes map[string]bool) error {
	remedy := fmt.Sprintf("events in that time and class: of the file's %d none is", rows)
	if len(s.Classes) > 0 && !slices.ContainsFunc(s.Classes, func(w string) bool {
		for have := range classes {
			if strings.EqualFold(have, w) {
				return true
			}
		}
		return false
	}) {
		var have []string
		for c := range classes {
			have = append(have, layers.Short(c))
		}
		slices.Sort(have)
		remedy += ". Classes in the file: " + strings.Join(have, ", ")
	}
	return &layers.InputError{Field: "events", Remedy: remedy}
}

// place returns where an event was. 0, 0 is what a device without a position sends.
func place(r *datafile.Row, geometry bool, x, y int) (orb.Point, bool) {
	if geometry {
		p, ok := r.Geometry.(orb.Point)
		return p, ok && p != (orb.Point{})
	}
	a, errX := strconv.ParseFloat(at(r, x), 64)
	b, errY := strconv.ParseFloat(at(r, y), 64)
	p := orb.Point{a, b}
	return p, errX == nil && errY == nil && p != (orb.Point{}) && a == a && b == b
}

// layouts of dates, the local time of the city as it stands.
var layouts = []string{"2006-01-02", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006/01/02", "2006/1/2", "2006/1/2 15:04", "2006/1/2 15:04:05", "20060102", "2006年1月2日"}

// parseDay reads a date, with or without a time. A zone, where one is written, is
// dropped: days are those of the city's clock.
func parseDay(text string) (time.Time, error) {
	for _, l := range layouts {
		if t, err := time.Parse(l, text); err == nil {
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), nil
		}
	}
	return time.Time{}, fmt.Errorf("no date: %q", layers.Short(text))
}
