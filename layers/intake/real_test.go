package intake_test

import (
	"os"
	"testing"

	"onemap/layers/intake"
)

// TestRealDataWhole imports every set that onemap has a mapping for, whole and
// then once more, which must change nothing.
func TestRealDataWhole(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	for _, city := range []struct {
		name string
		sets [][2]string // mapping, file
	}{
		{"Portland", [][2]string{
			{"portland-police-districts", "portland/police_districts.geojson"},
			{"portland-calls", "portland/nij2016_aug01_aug31_calls.csv.gz"},
			{"portland-calls", "portland/nij2016_sep01_sep30_calls.csv.gz"},
			{"portland-burglary-vehicle-theft", "portland/burglary_vehicle_theft_2012_2017.csv.gz"},
			{"portland-street-trees", "portland/street_trees.csv.gz"},
			{"portland-park-trees", "portland/park_trees.csv.gz"},
			{"portland-biketown-trips", "portland/biketown_trips.csv.gz"},
		}},
		{"St. Louis", [][2]string{
			{"stlouis-neighbourhoods", "stlouis/neighborhoods.geojson"},
			{"stlouis-incidents", "stlouis/incidents_2008_2015.csv.gz"},
			{"stlouis-service-requests", "stlouis/service_requests_partial.csv.gz"},
		}},
		{"Minneapolis", [][2]string{
			{"minneapolis-neighbourhoods", "minneapolis/minneapolis_neighborhoods.geojson"},
			{"minneapolis-fire-districts", "minneapolis/fire_districts.geojson"},
			{"minneapolis-fire-stations", "minneapolis/fire_stations_areas.geojson"},
			{"minneapolis-fires", "minneapolis/fires.csv.gz"},
			{"minneapolis-hydrants", "minneapolis/hydrants.csv.gz"},
		}},
		{"Chicago", [][2]string{
			{"chicago-business-licences", "chicago/business_licences.csv.gz"},
			{"chicago-food-inspections", "chicago/food_inspections.csv.gz"},
			{"chicago-sanitation-311", "chicago/sanitation_311.csv.gz"},
		}},
	} {
		t.Run(city.name, func(t *testing.T) {
			s, _ := store(t)
			for _, set := range city.sets {
				o := intake.Options{File: data(t, set[1]), Mapping: mapping(t, set[0]), By: "test"}
				run(t, s, o)
				again := run(t, s, o)
				if again.Inserted+again.Updated != 0 {
					t.Errorf("%s again: %d inserted, %d updated", set[0], again.Inserted, again.Updated)
				}
			}
		})
	}
}
