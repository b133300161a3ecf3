package mvt

import "strconv"

// AppendTime appends a time, in seconds since 1970 UTC, as 2006-01-02T15:04:05Z.
func AppendTime(b []byte, seconds int64) []byte {
	days, s := seconds/86400, seconds%86400
	if s < 0 {
		days, s = days-1, s+86400
	}
	b = AppendDate(b, days)
	t := uint32(s)
	hour, minute, second := byte(t/3600), byte(t/60%60), byte(t%60)
	return append(b, 'T', '0'+hour/10, '0'+hour%10, ':', '0'+minute/10, '0'+minute%10, ':', '0'+second/10, '0'+second%10, 'Z')
}

// AppendDate appends a date, in days since 1970-01-01, as 2006-01-02 in the
// Gregorian calendar. As PostgreSQL's to_char it writes years before the first
// without a sign, 1 for 1 BC, and years after 9999 with all their digits.
func AppendDate(b []byte, days int64) []byte {
	// Howard Hinnant, chrono-compatible low-level date algorithms: eras of 400
	// years that begin on 1 March.
	z := days + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day, month, year := doy-(153*mp+2)/5+1, mp+3, yoe+era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	if year <= 0 {
		year = 1 - year
	}
	if year > 9999 {
		b = strconv.AppendInt(b, year/1000, 10)
	} else {
		b = append(b, '0'+byte(year/1000))
	}
	m, d := uint8(month), uint8(day)
	y := uint16(year % 1000)
	return append(b, '0'+byte(y/100), '0'+byte(y/10%10), '0'+byte(y%10), '-', '0'+m/10, '0'+m%10, '-', '0'+d/10, '0'+d%10)
}
