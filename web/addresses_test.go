package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"onemap/layers/address"
)

// A house is found by its address and called by it, by whoever may see the
// layer of addresses; many at once only by who is signed in.
func TestAddresses(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO map.base_address (street, number, place, geom) SELECT '云栖路', n || '号', '', ST_SetSRID(ST_MakePoint(120.07 + n * 0.0002, 29.3), 4326) FROM generate_series(1, 20) n`)
	w.exec(`UPDATE onemap.layer SET open = false WHERE name = 'base_address'`)
	w.server.Store.ForgetRegistry()

	find := func(login, query string) address.Found {
		t.Helper()
		var f address.Found
		if err := json.Unmarshal(w.want(200, w.as(login, "GET", "/api/v1/addresses?"+query, nil)).body, &f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := find("centre", "q=%E4%BA%91%E6%A0%96%E8%B7%AF12%E5%8F%B7&near=120.07,29.3"); len(f.Candidates) == 0 || f.Candidates[0].Title != "云栖路12号" || f.Candidates[0].Confidence < 0.9 {
		t.Errorf("the command centre finds %+v", f)
	}
	if f := find("", "q=%E4%BA%91%E6%A0%96%E8%B7%AF12%E5%8F%B7"); len(f.Candidates) != 0 {
		t.Errorf("the public finds what is not open: %+v", f.Candidates)
	}
	w.want(422, w.as("centre", "GET", "/api/v1/addresses?q=x&near=500,29", nil))
	w.want(422, w.as("centre", "GET", "/api/v1/addresses?q="+strings.Repeat("x", 201), nil))
	r := w.want(200, w.as("centre", "GET", "/api/v1/addresses/at?lon=120.0724&lat=29.30003", nil))
	if !strings.Contains(string(r.body), "云栖路12号") {
		t.Errorf("the place is called %s", r.body)
	}
	batch := map[string]any{"texts": []string{"云栖路3号", "无此路9号"}, "places": [][2]float64{{120.0724, 29.30003}}}
	w.want(401, w.as("", "POST", "/api/v1/addresses/batch", batch))
	r = w.want(200, w.as("centre", "POST", "/api/v1/addresses/batch", batch))
	var out struct {
		Found []address.Found
		Here  []address.Here
	}
	if err := json.Unmarshal(r.body, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Found) != 2 || len(out.Found[0].Candidates) != 1 || out.Found[0].Candidates[0].Title != "云栖路3号" || len(out.Here) != 1 {
		t.Errorf("the batch: %s", r.body)
	}
	w.want(422, w.as("centre", "POST", "/api/v1/addresses/batch", map[string]any{}))
}
