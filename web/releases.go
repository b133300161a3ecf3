package web

import (
	"context"
	"time"

	"onemap/layers/release"
)

// ReleaseInfo is what one audience sees of one day of a layer of counts.
type ReleaseInfo struct {
	ID        int64      `json:"id"`
	Layer     string     `json:"layer"`
	Audience  string     `json:"audience" enum:"internal,staff,public"`
	Day       string     `json:"day" format:"date" doc:"Of the city"`
	Floor     int        `json:"floor" doc:"Counts below it are left out"`
	Rounding  int        `json:"rounding" doc:"Shown counts are multiples of it"`
	Shown     int64      `json:"shown" doc:"Counts that are shown"`
	MadeAt    time.Time  `json:"made_at"`
	Withdrawn *time.Time `json:"withdrawn_at,omitempty" doc:"Absent: in force"`
	Reason    string     `json:"reason,omitempty" doc:"Why the day was released again"`
}

type releasesInput struct {
	Layer string `query:"layer" maxLength:"48" doc:"Of this layer only"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type releasesOutput struct {
	Body struct {
		Releases []ReleaseInfo `json:"releases" nullable:"false" doc:"The newest day first"`
	}
}

// listReleases tells what was released of the layers of counts, to those who
// see them. How many counts a release left out is not told: beside what it
// shows that would be one equation more for whoever adds up.
func (s *Server) listReleases(ctx context.Context, in *releasesInput) (*releasesOutput, error) {
	all, err := (&release.Store{Layers: s.Store}).List(ctx, scopeOf(ctx), in.Layer, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &releasesOutput{}
	out.Body.Releases = make([]ReleaseInfo, 0, len(all))
	for _, r := range all {
		info := ReleaseInfo{ID: r.ID, Layer: r.Layer, Audience: r.Audience, Day: r.Day.Format(time.DateOnly), Floor: r.Floor, Rounding: r.Rounding,
			Shown: r.Shown, MadeAt: r.MadeAt, Reason: r.Reason}
		if !r.Withdrawn.IsZero() {
			info.Withdrawn = &r.Withdrawn
		}
		out.Body.Releases = append(out.Body.Releases, info)
	}
	return out, nil
}
