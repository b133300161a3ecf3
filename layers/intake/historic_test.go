package intake_test

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"onemap/layers/access"
	"onemap/layers/evaluate"
	"onemap/layers/intake"
)

// Historic cases evaluate as a plain script over the file says. The script
// shares no code with the import or the evaluation: it reads the CSV, applies
// the rules that the mapping states, and counts by a loop.

type plainCase struct {
	dept                                  string
	state                                 string // closed, void, filed, dispatched
	reported                              time.Time
	dispatched, deadline, handled, closed *time.Time
}

func plainRows(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]map[string]string, 0, len(all))
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, name := range all[0] {
			m[name] = r[i]
		}
		rows = append(rows, m)
	}
	return rows
}

func inBox(lon, lat string, west, south, east, north float64) bool {
	x, err1 := strconv.ParseFloat(lon, 64)
	y, err2 := strconv.ParseFloat(lat, 64)
	return err1 == nil && err2 == nil && x >= west && x <= east && y >= south && y <= north
}

func plainChicago(t *testing.T, zone *time.Location) map[string]plainCase {
	cases, latest := map[string]plainCase{}, map[string]string{}
	for _, r := range plainRows(t, data(t, "chicago/sanitation_311.csv.gz")) {
		id := r["Service_Request_Number"]
		if was, ok := latest[id]; !inBox(r["Longitude"], r["Latitude"], -88, 41.6, -87.4, 42.1) || ok && was >= r["Completion_Date"] {
			continue
		}
		latest[id] = r["Completion_Date"]
		created, err := time.ParseInLocation(time.DateOnly, r["Creation_Date"], zone)
		if err != nil {
			t.Fatal(err)
		}
		c := plainCase{dept: "chicago-sanitation", reported: created, state: "filed"}
		end := created
		if d, err := time.ParseInLocation(time.DateOnly, r["Completion_Date"], zone); err == nil && d.After(created) {
			end = d
		}
		switch r["Status"] {
		case "Completed":
			due := created.Add(14 * 24 * time.Hour)
			c.state, c.dispatched, c.deadline, c.handled, c.closed = "closed", &created, &due, &end, &end
		case "Completed - Dup", "Open - Dup":
			c.state, c.closed = "void", &end
		}
		cases[id] = c
	}
	return cases
}

var notCode = regexp.MustCompile(`[^a-z0-9.]+`)

func plainStLouis(t *testing.T, zone *time.Location) map[string]plainCase {
	read := func(v string) *time.Time {
		if v == "" || strings.HasPrefix(v, "1900-01-01 00:00:00") {
			return nil
		}
		at, err := time.ParseInLocation("2006-01-02 15:04:05", v, zone)
		if err != nil {
			t.Fatal(err)
		}
		return &at
	}
	cases := map[string]plainCase{}
	for _, r := range plainRows(t, data(t, "stlouis/service_requests_partial.csv.gz")) {
		if !inBox(r["lon"], r["lat"], -90.45, 38.45, -90.1, 38.85) {
			continue
		}
		dept, _, _ := strings.Cut(r["submitto"], ",")
		dept = strings.Trim(notCode.ReplaceAllString(strings.ToLower(dept), "-"), "-")
		c := plainCase{reported: *read(r["datetimeinit"]), dept: "stl-" + strings.TrimRight(dept[:min(24, len(dept))], "-")}
		closed := read(r["datecancelled"])
		if closed == nil {
			closed = read(r["datetimeclosed"])
		}
		if closed == nil || closed.Before(c.reported) {
			closed = &c.reported
		}
		due := tenWorkingDays(c.reported)
		switch r["status"] {
		case "CLOSED":
			handled := read(r["prjcompletedate"])
			if handled == nil || handled.After(*closed) {
				handled = closed
			}
			if handled.Before(c.reported) {
				handled = &c.reported
			}
			c.state, c.dispatched, c.deadline, c.handled, c.closed = "closed", &c.reported, &due, handled, closed
		case "CANCEL", "Cancel":
			c.state, c.closed = "void", closed
		default:
			c.state, c.dispatched, c.deadline = "dispatched", &c.reported, &due
		}
		cases[r["requestid"]] = c
	}
	return cases
}

// tenWorkingDays counts 240 hours of Mondays to Fridays, day by day.
func tenWorkingDays(from time.Time) time.Time {
	left := 240 * time.Hour
	for at := from; ; {
		midnight := time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, at.Location())
		if day := at.Weekday(); day != time.Saturday && day != time.Sunday {
			if span := midnight.Sub(at); span < left {
				left -= span
			} else {
				return at.Add(left)
			}
		}
		at = midnight
	}
}

// plainCounts counts cases of a department ("": all) in [from, to).
func plainCounts(cases map[string]plainCase, dept string, from, to time.Time) map[string]int64 {
	n := map[string]int64{}
	within := func(t *time.Time) bool { return t != nil && !t.Before(from) && t.Before(to) }
	for _, c := range cases {
		if dept != "" && (c.dept != dept || c.dispatched == nil) {
			continue
		}
		count := func(yes bool, names ...string) {
			for _, name := range names {
				if yes {
					n[name]++
				}
			}
		}
		open := c.closed == nil || !c.closed.Before(to)
		handled := within(c.handled)
		late := c.handled != nil && c.handled.After(*c.deadline)
		unhandled := within(c.deadline) && (c.handled == nil || !c.handled.Before(to)) && open
		closed := c.state == "closed" && within(c.closed)
		unclosed := within(c.deadline) && open
		count(within(c.dispatched), "received")
		count(handled || unhandled, "should_handle")
		count(handled, "handled")
		count(handled && !late, "handled_on_time")
		count(handled && late, "handled_late")
		count(unhandled, "overdue_unhandled")
		count(closed || unclosed, "should_close")
		count(closed, "closed")
		count(closed && !late, "closed_on_time")
		count(closed && late, "closed_late")
		if dept == "" {
			count(within(&c.reported), "reported", "valid", "accepted", "filed")
			count(within(&c.reported) && c.state != "void", "filed_accurate")
			count(c.state == "void" && within(c.closed), "voided")
			count(within(c.dispatched), "dispatched", "dispatched_accurate")
			count(within(c.dispatched) || c.dispatched == nil && c.reported.Before(to) && open, "should_dispatch")
			count(c.reported.Before(to) && open, "backlog")
		}
	}
	return n
}

func TestHistoricCasesEvaluateAsAPlainScriptSays(t *testing.T) {
	for _, city := range []struct {
		name, mapping, file string
		plain               func(*testing.T, *time.Location) map[string]plainCase
		periods             []string // kind and a day
		long                bool
	}{
		{"Chicago", "chicago-sanitation-311", "chicago/sanitation_311.csv.gz", plainChicago, []string{"year 2013-01-01", "month 2012-07-15", "week 2014-03-12", "day 2011-05-03"}, true},
		{"St. Louis", "stlouis-service-requests", "stlouis/service_requests_partial.csv.gz", plainStLouis, []string{"year 2011-01-01", "quarter 2012-02-01", "month 2010-10-10", "month 2021-09-01"}, true},
	} {
		t.Run(city.name, func(t *testing.T) {
			if city.long && os.Getenv("ONEMAP_LONG") == "" {
				t.Skip("long: make test-long")
			}
			path := data(t, city.file)
			s, db := store(t)
			if _, err := db.Exec(t.Context(), `UPDATE onemap.setting SET value = '"America/Chicago"' WHERE key = 'city.time_zone'`); err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation("America/Chicago")
			if err != nil {
				t.Fatal(err)
			}
			cases := city.plain(t, zone)
			o := intake.Options{File: path, Mapping: mapping(t, city.mapping), By: "test"}
			sum := run(t, s, o)
			if sum.Inserted != int64(len(cases)) {
				t.Fatalf("imported %d, the script finds %d", sum.Inserted, len(cases))
			}
			flow := func() (n, of int64) {
				if err := db.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT incident) FROM onemap.incident_flow`).Scan(&n, &of); err != nil {
					t.Fatal(err)
				}
				return n, of
			}
			records, of := flow()
			if of != int64(len(cases)) || records < 3*of {
				t.Errorf("%d flow records of %d cases", records, of)
			}
			ev := &evaluate.Store{Layers: s}
			for _, p := range city.periods {
				kind, day, _ := strings.Cut(p, " ")
				at, err := time.ParseInLocation(time.DateOnly, day, zone)
				if err != nil {
					t.Fatal(err)
				}
				period, err := evaluate.PeriodOf(kind, at, zone)
				if err != nil {
					t.Fatal(err)
				}
				compare := func(what string, got, want map[string]int64) {
					for _, name := range []string{"reported", "valid", "accepted", "filed", "filed_accurate", "voided", "should_dispatch", "dispatched", "dispatched_accurate", "backlog", "received",
						"should_handle", "handled", "handled_on_time", "handled_late", "overdue_unhandled", "should_close", "closed", "closed_on_time", "closed_late"} {
						if n, ok := got[name]; ok && n != want[name] {
							t.Errorf("%s %s: %s = %d, the script says %d", p, what, name, n, want[name])
						}
					}
				}
				r, err := ev.Report(t.Context(), access.Operator("test"), evaluate.Query{Subject: evaluate.Area, Level: "town", Period: period})
				if err != nil {
					t.Fatal(err)
				}
				compare("all", r.Total.Counts, plainCounts(cases, "", period.From, period.To))
				if r.Total.Counts["reported"]+r.Total.Counts["closed"] == 0 {
					t.Errorf("%s: nothing was counted", p)
				}
				if rate := r.Total.Rates["filed_on_time"]; rate.Value != nil || rate.Denominator != 0 {
					t.Errorf("%s: filed in time %+v, where nobody recorded how long it took", p, rate)
				}
				r, err = ev.Report(t.Context(), access.Operator("test"), evaluate.Query{Subject: evaluate.Department, Period: period})
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range r.Rows {
					compare(row.Key, row.Counts, plainCounts(cases, row.Key, period.From, period.To))
				}
			}
			again := run(t, s, o)
			if n, _ := flow(); again.Inserted+again.Updated != 0 || n != records {
				t.Errorf("again: %+v, %d flow records", again, n-records)
			}
		})
	}
}
