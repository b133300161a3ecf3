package intake_test

import (
	"os"
	"testing"

	"onemap/layers/intake"
)

// A realSet is a set of real data and what becomes of its rows. Read =
// inserted + skipped + rejected, but for grids of several parts (put together)
// and trips (counted, not kept).
type realSet struct {
	mapping, file                     string
	read, inserted, skipped, rejected int64
	why                               string
}

var realCities = []struct {
	name string
	sets []realSet
}{
	{"Portland", []realSet{
		{"portland-police-districts", "portland/police_districts.geojson", 60, 60, 0, 0, "two outlines touch themselves and are mended"},
		{"portland-calls", "portland/nij2016_aug01_aug31_calls.csv.gz", 19_376, 19_375, 0, 1, "one lies at the South Pole; it has no class either"},
		{"portland-calls", "portland/nij2016_sep01_sep30_calls.csv.gz", 18_443, 18_443, 0, 0, ""},
		{"portland-burglary-vehicle-theft", "portland/burglary_vehicle_theft_2012_2017.csv.gz", 15_206, 15_206, 0, 0, ""},
		{"portland-street-trees", "portland/street_trees.csv.gz", 218_602, 218_602, 0, 0, ""},
		{"portland-park-trees", "portland/park_trees.csv.gz", 25_534, 25_534, 0, 0, ""},
		// 1,110,089 trips make 367,764 counts and 679,106 flows. Rejected: 4,088
		// without start time, 306 more without end time, 3,197 that end before
		// they begin, 463 longer than a day, 20 in the future, 552 without
		// coordinates, 6 far outside.
		{"portland-biketown-trips", "portland/biketown_trips.csv.gz", 1_118_721, 1_046_870, 0, 8_632, "see above"},
	}},
	{"St. Louis", []realSet{
		{"stlouis-neighbourhoods", "stlouis/neighborhoods.geojson", 88, 88, 0, 0, "16 slivers"},
		// Left out: 4,849 rows cancelled by another, the 4,849 that cancel them,
		// 2,325 that cancel a row not in the file, 3,347 not marked as crimes,
		// 9,769 like an earlier row. Rejected: 4,479 without coordinates, 12
		// in other states.
		{"stlouis-incidents", "stlouis/incidents_2008_2015.csv.gz", 436_122, 406_492, 25_139, 4_491, "see above"},
		{"stlouis-service-requests", "stlouis/service_requests_partial.csv.gz", 8_385, 7_795, 424, 166, "a later row of the request counts; 165 without coordinates, one far outside"},
	}},
	{"Minneapolis", []realSet{
		{"minneapolis-neighbourhoods", "minneapolis/minneapolis_neighborhoods.geojson", 87, 87, 0, 0, ""},
		{"minneapolis-fire-districts", "minneapolis/fire_districts.geojson", 6, 5, 0, 0, "district 5 has two parts"},
		{"minneapolis-fire-stations", "minneapolis/fire_stations_areas.geojson", 20, 19, 0, 0, "station 11 has two"},
		{"minneapolis-fires", "minneapolis/fires.csv.gz", 12_746, 12_680, 0, 66, "without coordinates"},
		{"minneapolis-hydrants", "minneapolis/hydrants.csv.gz", 8_055, 8_055, 0, 0, ""},
	}},
	{"Chicago", []realSet{
		{"chicago-business-licences", "chicago/business_licences.csv.gz", 17_430, 11_285, 5_943, 202, "a licence's latest term counts; without coordinates"},
		{"chicago-food-inspections", "chicago/food_inspections.csv.gz", 27_600, 27_490, 0, 110, "without coordinates"},
		{"chicago-sanitation-311", "chicago/sanitation_311.csv.gz", 74_401, 74_002, 375, 24, "a case's later completion counts; without coordinates"},
	}},
}

// TestRealDataWhole imports every set that onemap has a mapping for, whole and
// then once more, which must change nothing.
func TestRealDataWhole(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	for _, city := range realCities {
		t.Run(city.name, func(t *testing.T) {
			s, _ := store(t)
			for _, set := range city.sets {
				o := intake.Options{File: data(t, set.file), Mapping: mapping(t, set.mapping), By: "test"}
				sum := run(t, s, o)
				if sum.Read != set.read || sum.Inserted != set.inserted || sum.SkippedRows() != set.skipped || sum.RejectedRows() != set.rejected {
					t.Errorf("%s: %+v, want %+v", set.mapping, sum, set)
				}
				again := run(t, s, o)
				if again.Inserted+again.Updated != 0 {
					t.Errorf("%s again: %d inserted, %d updated", set.mapping, again.Inserted, again.Updated)
				}
			}
		})
	}
}
