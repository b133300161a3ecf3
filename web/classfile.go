package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"onemap/layers/class"
)

// Conditions as a file, and the calendar.

// maxConditionFile is how large a file of conditions may be.
const maxConditionFile = 8 << 20

// getConditions writes the filing conditions as CSV.
func (s *Server) getConditions(w http.ResponseWriter, r *http.Request) error {
	edition := r.URL.Query().Get("edition")
	if err := standardsOf(edition); err != nil {
		return err
	}
	var b bytes.Buffer // a few hundred kilobytes; a fault must not cut it
	if err := s.Classes.WriteFilings(r.Context(), &b, edition); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="conditions.csv"`)
	h.Set("Cache-Control", "private, no-cache")
	_, _ = w.Write(b.Bytes()) // the client may have left
	return nil
}

// putConditions takes a file of filing conditions.
func (s *Server) putConditions(w http.ResponseWriter, r *http.Request) error {
	file, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxConditionFile))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) || errors.Is(err, errSlowBody) {
			return err
		}
		return errBadRequest
	}
	q := r.URL.Query()
	took, err := s.Classes.ReadFilings(r.Context(), scopeOf(r.Context()), file, q.Get("try") == "true", q.Get("reason"), clientAddress(r))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(took) // the client may have left
	return nil
}

type calendarInput struct {
	Year int `query:"year" minimum:"2000" maximum:"2100" doc:"Left out: this year in the city"`
}

type calendarOutput struct{ Body class.Year }

func (s *Server) getCalendar(ctx context.Context, in *calendarInput) (*calendarOutput, error) {
	year := in.Year
	if year == 0 {
		c, err := s.Classes.Calendar(ctx, s.Store.DB())
		if err != nil {
			return nil, err
		}
		year = time.Now().In(c.Zone).Year()
	}
	y, err := s.Classes.YearOf(ctx, year)
	return &calendarOutput{y}, err
}

type putCalendarInput struct {
	Request
	Body struct {
		Year   int         `json:"year" minimum:"2000" maximum:"2100"`
		Days   []class.Day `json:"days" nullable:"false" maxItems:"150" doc:"All holidays of the year, and the weekend days that make up for them (调休)"`
		Office [][]string  `json:"office_hours,omitempty" maxItems:"12" doc:"From and to, such as [[\"08:00\", \"12:00\"], [\"14:00\", \"18:00\"]]; left out: as they are"`
		Reason string      `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) putCalendar(ctx context.Context, in *putCalendarInput) (*calendarOutput, error) {
	b := in.Body
	if err := s.Classes.PutYear(ctx, scopeOf(ctx), b.Year, b.Days, b.Office, b.Reason, clientAddress(in.r)); err != nil {
		return nil, err
	}
	y, err := s.Classes.YearOf(ctx, b.Year)
	return &calendarOutput{y}, err
}
