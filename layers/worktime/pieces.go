package worktime

import (
	"iter"
	"time"
)

const day = 24 * time.Hour

// A piece is part of one day of the calendar during which the clock on the
// wall runs evenly: days are cut where the zone changes its offset.
type piece struct {
	at      time.Duration // since the beginning of the count
	wall    time.Duration // what the clock shows then, since midnight
	length  time.Duration
	working bool
}

// pieces cuts [from, from+total) into pieces, in order.
func (c Calendar) pieces(from time.Time, total time.Duration) iter.Seq[piece] {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	return func(yield func(piece) bool) {
		for at := time.Duration(0); at < total; {
			t := from.Add(at).In(zone)
			_, offset := t.Zone()
			until := total
			if _, end := t.ZoneBounds(); !end.IsZero() {
				until = min(total, end.Sub(from))
			}
			date, second := splitDay(t.Unix() + int64(offset))
			wall := time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
			for at < until {
				p := piece{at: at, wall: wall, length: min(day-wall, until-at), working: c.works(date)}
				if !yield(p) {
					return
				}
				at, wall, date = at+p.length, 0, date+1
			}
		}
	}
}

// counted returns how much of p the clock u counts.
func (c Calendar) counted(p piece, u Unit) time.Duration {
	switch {
	case !p.working:
		return 0
	case u == WorkingDay:
		return p.length
	case u == WorkingHour:
		var sum time.Duration
		for _, s := range c.Office {
			sum += max(0, min(s.To, p.wall+p.length)-max(s.From, p.wall))
		}
		return sum
	}
	return 0
}

// reach returns how far into p the clock u has counted d, of which p has enough.
func (c Calendar) reach(p piece, d time.Duration, u Unit) time.Duration {
	if u == WorkingDay {
		return d
	}
	for _, s := range c.Office {
		begin := max(s.From, p.wall)
		n := max(0, min(s.To, p.wall+p.length)-begin)
		if n >= d {
			return begin + d - p.wall
		}
		d -= n
	}
	return p.length
}

// Working says whether offices work on the calendar day of t.
func (c Calendar) Working(t time.Time) bool {
	for p := range c.pieces(t, 1) {
		return p.working
	}
	return false
}

// works says whether offices work on a day, given in days since 1970-01-01.
func (c Calendar) works(date int64) bool {
	if len(c.Days) > 0 {
		t := time.Unix(date*86400, 0).UTC()
		var b [len(time.DateOnly) + 12]byte
		if on, ok := c.Days[string(t.AppendFormat(b[:0], time.DateOnly))]; ok {
			return on
		}
	}
	weekday := (date%7 + 7 + 4) % 7 // 1970-01-01 was a Thursday
	return weekday != 0 && weekday != 6
}

// splitDay returns the day of a second since 1970, and the second in it.
func splitDay(second int64) (date, inDay int64) {
	date, inDay = second/86400, second%86400
	if inDay < 0 {
		date, inDay = date-1, inDay+86400
	}
	return date, inDay
}
