package forecast

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/forecast/hotspot"
)

// A sighting is a moment, the moment when it became known, and a place in
// longitude and latitude. It has no other field: what is about a person cannot
// be read into it.
type sighting struct {
	At    time.Time
	Known time.Time // not before At
	Place orb.Point
}

// A Cut is what was known at a moment, as its record has it.
type Cut struct {
	Until   time.Time      `json:"until" doc:"What was reported before it"`
	Cursor  string         `json:"cursor" doc:"The place in the log when it was read"`
	Events  int            `json:"events"`
	Hash    string         `json:"hash" doc:"SHA-256 of the moments, of when each was known, and of the places"`
	Loaded  int            `json:"loaded_later,omitempty" doc:"Cases whose time of report lies more than 60 days after them: loaded later, taken to be known at once"`
	First   time.Time      `json:"first"`
	Last    time.Time      `json:"last"`
	Since   time.Time      `json:"since" doc:"Earlier ones are not used"`
	LeftOut map[string]int `json:"left_out" doc:"Cases of these classes that were not used, by why: source_worker, source_sensor, source_video, state, future, early, placeless, outside"`
	ByClass map[string]int `json:"by_class" doc:"Used, by standard/code"`
}

// SourcesThatTrain are those of cases that somebody called in, and of imports,
// whose classes are marked; whoever learns from cases reads by it. A worker's
// finds follow the rounds, a camera's and a sensor's where it stands.
var SourcesThatTrain = []string{"public", "hotline", "import"}

// DeadStates, for SQL: a case that was refused, void or merged into another is none.
const DeadStates = `'rejected', 'void', 'merged'`

// cutSQL reads the moments and places of the classes that were reported before
// until. It names when they happened and were reported and where, and no other
// column: it is the only one that reads cases for a model.
const cutSQL = `SELECT occurred_at, reported_at, ST_X(geom), ST_Y(geom) FROM map.incident
	WHERE class_kind = 'matter' AND (class_standard, class_code) IN (SELECT * FROM unnest(@standards::text[], @codes::text[]))
	  AND source = ANY (@sources) AND state NOT IN (` + DeadStates + `)
	  AND occurred_at >= @since AND occurred_at < @until AND reported_at < @until AND NOT ST_IsEmpty(geom) AND (@depts::text[] IS NULL OR dept_code = ANY (@depts))
	ORDER BY occurred_at, ST_X(geom), ST_Y(geom), reported_at`

// leftOutSQL counts those that cutSQL leaves out, and those that it takes by class.
const leftOutSQL = `SELECT class_standard || '/' || class_code,
		CASE WHEN state IN (` + DeadStates + `) THEN 'state' WHEN NOT source = ANY (@sources) THEN 'source_' || source
		     WHEN occurred_at >= @until OR reported_at >= @until THEN 'future' WHEN occurred_at < @since THEN 'early' WHEN ST_IsEmpty(geom) THEN 'placeless' ELSE '' END AS why,
		count(*), min(occurred_at)
	FROM map.incident
	WHERE class_kind = 'matter' AND (class_standard, class_code) IN (SELECT * FROM unnest(@standards::text[], @codes::text[])) AND (@depts::text[] IS NULL OR dept_code = ANY (@depts))
	GROUP BY 1, 2`

// oldest is how far back a forecast looks at most.
const oldest = 12 * 366 * 24 * time.Hour

func cutArgs(p Params, since time.Time) pgx.NamedArgs {
	standards, codes := make([]string, len(p.Classes)), make([]string, len(p.Classes))
	for i, c := range p.Classes {
		standards[i], codes[i] = c.Standard, c.Code
	}
	return pgx.NamedArgs{"standards": standards, "codes": codes, "sources": SourcesThatTrain, "depts": p.Depts, "until": p.Until, "since": since}
}

// readCut reads the data cut of a run under one snapshot.
func readCut(ctx context.Context, tx pgx.Tx, p Params) (Cut, []sighting, []Words, error) {
	cut := Cut{Until: p.Until, Since: p.Until.Add(-oldest), LeftOut: map[string]int{}, ByClass: map[string]int{}}
	begins := map[string]time.Time{}
	rows, err := tx.Query(ctx, leftOutSQL, cutArgs(p, cut.Since))
	if err != nil {
		return cut, nil, nil, fmt.Errorf("count the cut: %w", err)
	}
	var class, why string
	var n int
	var first time.Time
	_, err = pgx.ForEachRow(rows, []any{&class, &why, &n, &first}, func() error {
		if why == "" {
			cut.ByClass[class], begins[class] = n, first.UTC()
		} else {
			cut.LeftOut[why] += n
		}
		return nil
	})
	if err != nil {
		return cut, nil, nil, fmt.Errorf("count the cut: %w", err)
	}
	notes, err := cut.placeless()
	if err != nil {
		return cut, nil, nil, err
	}
	notes = append(append(notes, cut.future()...), cut.startTogether(begins)...)
	rows, err = tx.Query(ctx, cutSQL, cutArgs(p, cut.Since))
	if err != nil {
		return cut, nil, nil, fmt.Errorf("read the cut: %w", err)
	}
	var all []sighting
	var at, reported time.Time
	var x, y float64
	if _, err := pgx.ForEachRow(rows, []any{&at, &reported, &x, &y}, func() error {
		known, loaded := KnownAt(at.UTC(), reported.UTC())
		if loaded {
			cut.Loaded++
		}
		all = append(all, sighting{at.UTC(), known, orb.Point{x, y}})
		return nil
	}); err != nil {
		return cut, nil, nil, fmt.Errorf("read the cut: %w", err)
	}
	cut.Events = len(all)
	if len(all) > 0 {
		cut.First, cut.Last = all[0].At, all[len(all)-1].At
	}
	return cut, all, notes, nil
}

// placeless says of cases that have no place, and refuses where they are half or
// more: a map of the rest would be of those whose addresses were found.
func (c *Cut) placeless() ([]Words, error) {
	lost, used := c.LeftOut["placeless"], 0
	for _, n := range c.ByClass {
		used += n
	}
	switch {
	case lost == 0:
		return nil, nil
	case lost >= used:
		return nil, &layers.InputError{Field: "classes", Remedy: fmt.Sprintf("%d of %d cases have no coordinates: find their addresses first, or choose other classes", lost, lost+used)}
	}
	return []Words{{
		fmt.Sprintf("%d 起没有坐标,未使用(共 %d 起)。", lost, lost+used),
		fmt.Sprintf("%d of %d incidents have no coordinates and are not used.", lost, lost+used)}}, nil
}

// future says of cases that happened or were reported after the cut, by their
// own word: of a cut that is now, their times are wrong.
func (c *Cut) future() []Words {
	n := c.LeftOut["future"]
	if n == 0 {
		return nil
	}
	return []Words{{
		fmt.Sprintf("%d 起的发生或上报时间在数据截止之后,未使用。", n),
		fmt.Sprintf("%d incidents are dated after the data cut, by when they happened or were reported, and are not used.", n)}}
}

// halfYear is the least of history that is kept when a class began late.
const halfYear = 182 * 24 * time.Hour

// startTogether begins the history where the last of the classes begins: what
// counts one class for years and another for months would place the first
// alone. Where too little would be left, it says so instead.
func (c *Cut) startTogether(begins map[string]time.Time) []Words {
	var earliest, latest time.Time
	var late string
	for class, at := range begins {
		if earliest.IsZero() || at.Before(earliest) {
			earliest = at
		}
		if at.After(latest) || at.Equal(latest) && class < late {
			latest, late = at, class
		}
	}
	if latest.Sub(earliest) < halfYear {
		return nil
	}
	day := latest.Format(time.DateOnly)
	if c.Until.Sub(latest) < halfYear {
		return []Words{{
			fmt.Sprintf("类别 %s 的数据从 %s 才开始,历史不足半年:此前的分布只反映其他类别。", late, day),
			fmt.Sprintf("Class %s has data since %s only, less than half a year: before that the pattern is of the other classes alone.", late, day)}}
	}
	c.Since = latest.Truncate(24 * time.Hour)
	return []Words{{
		fmt.Sprintf("类别 %s 的数据从 %s 才开始:所有类别都只用此后的历史。", late, day),
		fmt.Sprintf("Class %s has data since %s only: the history of all classes begins there.", late, day)}}
}

// encodeEvents writes sightings as bytes: microseconds since 1970 of when they
// were and of when they were known, longitude, latitude. Version 1 of a record
// did not know when they were known.
func encodeEvents(all []sighting, version int) content {
	b := make([]byte, 0, 32*len(all))
	for _, s := range all {
		b = binary.BigEndian.AppendUint64(b, uint64(s.At.UnixMicro()))
		if version > 1 {
			b = binary.BigEndian.AppendUint64(b, uint64(s.Known.UnixMicro()))
		}
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(s.Place[0]))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(s.Place[1]))
	}
	return newContent(kindEvents, len(all), b)
}

func decodeEvents(c content, version int) ([]sighting, error) {
	size := 32
	if version == 1 {
		size = 24
	}
	if len(c.bytes)%size != 0 || len(c.bytes)/size != c.items {
		return nil, errors.New("kept events: not a whole number of them")
	}
	moment := func(b []byte) time.Time { return time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC() }
	all := make([]sighting, c.items)
	for i := range all {
		b := c.bytes[size*i : size*(i+1)]
		all[i].At, all[i].Known = moment(b), moment(b)
		if version > 1 {
			all[i].Known = moment(b[8:])
		}
		all[i].Place = orb.Point{math.Float64frombits(binary.BigEndian.Uint64(b[size-16:])), math.Float64frombits(binary.BigEndian.Uint64(b[size-8:]))}
	}
	return all, nil
}

// epoch is day 0 of a city: a Monday's midnight by its clock, so that whole days
// are days of the calendar. Where clocks change, a day is an hour off for a while.
func epoch(zone *time.Location) time.Time { return time.Date(2000, 1, 3, 0, 0, 0, 0, zone) }

func dayOf(t time.Time, zone *time.Location) float64 {
	// By the clock on the wall: 8 in the morning is a third of a day all year.
	_, off := t.In(zone).Zone()
	_, off0 := epoch(zone).Zone()
	return t.Sub(epoch(zone)).Hours()/24 + float64(off-off0)/86400
}

// events brings sightings to the plane and its days, sorted, with the day on
// which each was known (nil: its own), and drops those outside of the space:
// hardly a city's own.
func events(all []sighting, p Plane, space *hotspot.Space, zone *time.Location) (past []hotspot.Event, known []float64, outside int) {
	in := make([]hotspot.Event, 0, len(all))
	days := make([]float64, 0, len(all))
	for _, s := range all {
		e := hotspot.Event{Day: dayOf(s.At, zone), At: p.Forward(s.Place)}
		if space.CellAt(e.At) < 0 {
			outside++
			continue
		}
		// Where clocks are set back, what is known later may be so by an earlier clock.
		in, days = append(in, e), append(days, max(e.Day, dayOf(s.Known, zone)))
	}
	past, known = sorted(in, days)
	return past, known, outside
}
