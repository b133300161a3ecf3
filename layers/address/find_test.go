package address_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/address"
	"onemap/layers/layerstest"
)

// town has two towns, three roads, houses along them, a few places and grids.
func town(t testing.TB) *address.Store {
	t.Helper()
	db := layerstest.DB(t)
	for _, sql := range []string{
		`INSERT INTO onemap.area (code, level, name_zh, name_en, geom) VALUES ('330782', 'county', '义乌市', 'Yiwu', ST_Multi(ST_MakeEnvelope(120, 29.2, 120.2, 29.4, 4326)))`,
		`INSERT INTO onemap.area (code, parent, level, name_zh, name_en, geom) VALUES
			('330782001', '330782', 'town', '稠岩街道', 'Chouyan', ST_Multi(ST_MakeEnvelope(120, 29.2, 120.1, 29.4, 4326))),
			('330782002', '330782', 'town', '枫渡镇', 'Fengdu', ST_Multi(ST_MakeEnvelope(120.1, 29.2, 120.2, 29.4, 4326)))`,
		`INSERT INTO onemap.area (code, parent, level, name_zh, name_en, geom) VALUES ('330782001001', '330782001', 'community', '望云社区', 'Wangyun', ST_Multi(ST_MakeEnvelope(120, 29.2, 120.1, 29.4, 4326)))`,
		`INSERT INTO map.grid_unit (grid_code, name, area_code, geom) VALUES
			('33078200100101', '望云社区第1网格', '330782001001', ST_Multi(ST_MakeEnvelope(120, 29.2, 120.1, 29.4, 4326))),
			('33078200200101', '枫江村第1网格', '330782002001', ST_Multi(ST_MakeEnvelope(120.1, 29.2, 120.2, 29.4, 4326)))`,
		`INSERT INTO map.base_road (name, name_en, class, geom) VALUES
			('云栖路', 'Yunqi Road', 'residential', 'SRID=4326;LINESTRING(120.02 29.3, 120.05 29.3)'),
			('稠州街', 'Chouzhou Street', 'residential', 'SRID=4326;LINESTRING(120.03 29.29, 120.03 29.31)'),
			('云栖路', 'Yunqi Road', 'residential', 'SRID=4326;LINESTRING(120.15 29.3, 120.18 29.3)'),
			('望月大道', 'Wangyue Avenue', 'primary', 'SRID=4326;LINESTRING(120.02 29.32, 120.05 29.32)')`,
		`INSERT INTO map.base_address (street, number, place, geom) SELECT '云栖路', n || '号', '稠岩街道望云社区', ST_SetSRID(ST_MakePoint(120.02 + n * 0.0002, 29.3001), 4326) FROM generate_series(1, 99) n WHERE n NOT IN (24, 30)`,
		`INSERT INTO map.base_address (street, number, place, geom) VALUES ('云栖路', '12-1号', '稠岩街道望云社区', 'SRID=4326;POINT(120.0225 29.3002)'), ('云栖路', '200', '枫渡镇枫江村', 'SRID=4326;POINT(120.16 29.3001)')`,
		`INSERT INTO map.base_poi (name, name_en, class, address, geom) VALUES ('望云人民医院', 'Wangyun People''s Hospital', 'hospital', '稠州街3号', 'SRID=4326;POINT(120.031 29.305)'),
			('望云菜市场', '', 'marketplace', '', 'SRID=4326;POINT(120.032 29.306)')`,
		`INSERT INTO map.base_building (name, class, geom) VALUES ('锦绣花园', 'residential', ST_Multi(ST_MakeEnvelope(120.04, 29.31, 120.041, 29.311, 4326)))`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return &address.Store{Layers: layers.NewStore(db)}
}

func TestFind(t *testing.T) {
	s := town(t)
	for _, tt := range []struct {
		text     string
		kind     string
		title    string
		lon, lat float64
		from, to float64 // confidence
	}{
		{"云栖路12号", "number", "云栖路12号", 120.0224, 29.3001, 0.9, 1},
		{"义乌市稠岩街道望云社区云栖路12号3幢501室", "number", "云栖路12号", 120.0224, 29.3001, 0.95, 1},
		{"云栖路十二号之1", "number", "云栖路12-1号", 120.0225, 29.3002, 0.9, 1},
		{"枫渡镇云栖路200号", "number", "云栖路200号", 120.16, 29.3001, 0.9, 1},
		{"枫渡镇云栖路12号", "number", "云栖路12号", 120.0224, 29.3001, 0.4, 0.6}, // that number is in the other town
		{"云栖路24号", "between", "云栖路24号", 120.0248, 29.3001, 0.6, 0.8},
		{"云栖路5000号", "road", "云栖路", 120.035, 29.3, 0.3, 0.55},
		{"云西路12号", "number", "云栖路12号", 120.0224, 29.3001, 0.3, 0.6},
		{"云栖路与稠州街交叉口", "crossing", "云栖路与稠州街交叉口", 120.03, 29.3, 0.8, 1},
		{"望云人民医院", "place", "望云人民医院", 120.031, 29.305, 0.8, 1},
		{"人民医院", "place", "望云人民医院", 120.031, 29.305, 0.5, 0.8},
		{"锦绣花园3幢2单元501", "place", "锦绣花园", 120.0405, 29.3105, 0.8, 1},
		{"枫渡镇", "division", "枫渡镇", 120.15, 29.3, 0.8, 1},
		{"望云社区第1网格", "grid", "望云社区第1网格", 120.05, 29.3, 0.8, 1},
		{"33078200200101", "grid", "枫江村第1网格", 120.15, 29.3, 0.8, 1},
		{"wangyue", "road", "望月大道", 120.02, 29.32, 0.4, 1},
	} {
		f, err := s.Find(t.Context(), access.Operator("test"), address.Query{Text: tt.text})
		if err != nil {
			t.Fatalf("%s: %v", tt.text, err)
		}
		if len(f.Candidates) == 0 {
			t.Errorf("%s: nothing; read as %+v", tt.text, f.Parsed)
			continue
		}
		c := f.Candidates[0]
		if c.Kind != tt.kind || c.Title != tt.title || math.Hypot(c.Lon-tt.lon, c.Lat-tt.lat) > 0.001 || c.Confidence < tt.from || c.Confidence > tt.to {
			t.Errorf("%s: %s %s at %g %g with %g (matched %v, missing %v)", tt.text, c.Kind, c.Title, c.Lon, c.Lat, c.Confidence, c.Matched, c.Missing)
			for _, o := range f.Candidates[1:] {
				t.Logf("   %s %s %g", o.Kind, o.Title, o.Confidence)
			}
		}
	}
}

// Each beginning of an address, as somebody types it, has it among the first.
func TestTyping(t *testing.T) {
	s := town(t)
	for _, tt := range []struct{ text, want string }{{"望云人民医院", "望云人民医院"}, {"锦绣花园", "锦绣花园"}, {"望月大道", "望月大道"}, {"枫渡镇", "枫渡镇"}} {
		rs := []rune(tt.text)
		for n := 1; n <= len(rs); n++ {
			f, err := s.Find(t.Context(), access.Operator("test"), address.Query{Text: string(rs[:n]), Typing: true})
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, c := range f.Candidates {
				found = found || c.Title == tt.want
			}
			if !found {
				t.Errorf("%s: %s is not among %d candidates", string(rs[:n]), tt.want, len(f.Candidates))
			}
		}
	}
	f, err := s.Find(t.Context(), access.Operator("test"), address.Query{Text: "云栖路1", Typing: true, Limit: 20})
	if err != nil || len(f.Candidates) < 10 || f.Candidates[0].Title != "云栖路1号" {
		t.Errorf("numbers that begin with 1: %d, %v", len(f.Candidates), err)
	}
}

func TestAt(t *testing.T) {
	s := town(t)
	for _, tt := range []struct {
		lon, lat float64
		want     string
		grid     string
	}{
		{120.0224, 29.30012, "义乌市稠岩街道望云社区云栖路12号", "33078200100101"},
		{120.0405, 29.3105, "义乌市稠岩街道望云社区锦绣花园", "33078200100101"},
		{120.0312, 29.3052, "义乌市稠岩街道望云社区望云人民医院东北侧30米", "33078200100101"},
		{120.06, 29.39, "义乌市稠岩街道望云社区", "33078200100101"},
		{10, 10, "", ""},
	} {
		h, err := s.At(t.Context(), access.Operator("test"), tt.lon, tt.lat)
		if err != nil || h.Text != tt.want || h.Grid != tt.grid {
			t.Errorf("%g %g: %q in %q, %v; near %v", tt.lon, tt.lat, h.Text, h.Grid, err, h.Near)
		}
	}
}

// Nobody finds what they may not see: the public has no grids, and no layer
// that is not open.
func TestThePublicFindsWhatIsOpen(t *testing.T) {
	s := town(t)
	if _, err := s.Layers.DB().Exec(t.Context(), `UPDATE onemap.layer SET open = false`); err != nil {
		t.Fatal(err)
	}
	s.Layers.ForgetRegistry()
	f, err := s.Find(t.Context(), access.Scope{}, address.Query{Text: "云栖路12号"})
	if err != nil || len(f.Candidates) != 0 {
		t.Errorf("%v, %v", f.Candidates, err)
	}
	h, err := s.At(t.Context(), access.Scope{}, 120.0224, 29.30012)
	if err != nil || h.Grid != "" || len(h.Near) != 0 || strings.Contains(h.Text, "云栖路") {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestBatch keeps the order.
func TestBatch(t *testing.T) {
	s := town(t)
	var queries []address.Query
	for i := range 20 {
		queries = append(queries, address.Query{Text: fmt.Sprintf("云栖路%d号", i+1), Limit: 1})
	}
	began := time.Now()
	found, err := s.FindAll(t.Context(), access.Operator("test"), queries)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range found {
		if len(f.Candidates) != 1 || f.Candidates[0].Title != fmt.Sprintf("云栖路%d号", i+1) {
			t.Errorf("row %d: %v", i, f.Candidates)
		}
	}
	t.Logf("%v an address", time.Since(began)/20)
}
