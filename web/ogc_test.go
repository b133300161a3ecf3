package web_test

import (
	"strings"
	"testing"
)

func TestOGCFeatures(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.report("centre", 120.005, 29.305)
	}
	var landing struct{ Links []struct{ Rel, Href string } }
	w.want(200, w.as("centre", "GET", "/ogc", nil)).into(t, &landing)
	for _, l := range landing.Links {
		if l.Rel != "service-doc" {
			w.want(200, w.as("centre", "GET", strings.TrimPrefix(l.Href, w.url), nil))
		}
	}
	var all struct{ Collections []struct{ ID string } }
	w.want(200, w.as("", "GET", "/ogc/collections", nil)).into(t, &all)
	if len(all.Collections) != 3 { // those that are open
		t.Errorf("the public sees %+v", all)
	}
	w.want(404, w.as("", "GET", "/ogc/collections/incident", nil))
	w.want(404, w.as("", "GET", "/ogc/collections/incident/items", nil))
	var c collection
	w.want(200, w.as("centre", "GET", "/ogc/collections/incident/items?limit=2&bbox=120,29,1,121,30,2&datetime=2000-01-01/..", nil)).into(t, &c)
	if len(c.Features) != 2 {
		t.Errorf("%+v", c)
	}
	c = collection{}
	w.want(200, w.as("centre", "GET", "/ogc/collections/base_road/items?datetime=1999-01-01&limit=1000000", nil)).into(t, &c)
	if len(c.Features) != 1 { // no time: always in it
		t.Errorf("%+v", c)
	}
	w.want(200, w.as("centre", "GET", "/ogc/collections/incident/items/1", nil))
	for _, bad := range []string{"colour=red", "limit=0", "limit=x", "bbox=1,2", "datetime=x"} {
		w.want(400, w.as("centre", "GET", "/ogc/collections/incident/items?"+bad, nil)).problem(t)
	}
}
