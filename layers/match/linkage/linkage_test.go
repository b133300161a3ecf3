package linkage

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

var areas = map[string]bool{"义乌": true, "浙江": true, "金华": true}

func TestTextsAreFoldedOneWay(t *testing.T) {
	for in, want := range map[string]string{
		"Waldo's  Café & Bar, Inc.": "WALDOS CAFE AND BAR INC",
		"ＡＢＣ（义乌）":                   "ABC(义乌)",
		"":                          "",
	} {
		if got := strings.TrimSpace(Fold(in)); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Pinyin("宏达A1"); got != "HONGDAA1" {
		t.Errorf("Pinyin: %q", got)
	}
	if byEar("张生") != byEar("章深") { // -ng and -n are heard alike
		t.Errorf("%q and %q", byEar("张生"), byEar("章深"))
	}
}

func TestNamesAreReadByTheirParts(t *testing.T) {
	for name, want := range map[string]string{
		"浙江宏达包装有限公司":  "宏达包装",
		"义乌市宏达包装有限公司": "宏达包装",
		"宏达包装":        "宏达包装",
		"义乌市中心医院":     "中心医院", // nothing but its kind tells it from others
	} {
		if got := ParseName(name, areas).Core; got != want {
			t.Errorf("core of %s: %q, want %q", name, got, want)
		}
	}
	a, b := ParseName("JOE'S PIZZA, LLC", nil).Core, ParseName("Joes Pizza Inc", nil).Core
	if a != b || a == "" {
		t.Errorf("%q and %q", a, b)
	}
	for _, same := range []string{"JOES PIZZA L.L.C.", "Joe's Pizza, L. L. C", "Joes Pizza Co., Ltd.", "JOE'S PIZZA P.C."} {
		if got := ParseName(same, nil).Core; got != b {
			t.Errorf("core of %s: %q, want %q", same, got, b)
		}
	}
	if got := ParseName("B & L LOUNGE", nil).Core; got != "BLLOUNGE" { // letters that are no form
		t.Errorf("%q", got)
	}
}

func TestAddressesAreReadByTheirParts(t *testing.T) {
	for text, want := range map[string]Address{
		"1400-1402 N. Milwaukee Avenue": {Street: "MILWAUKEE", Direction: "N", From: 1400, To: 1402},
		"":                              {},
	} {
		got := ParseAddress(text, nil)
		if got.Street != want.Street || got.Direction != want.Direction || got.From != want.From || got.To != want.To || got.Empty() != want.Empty() {
			t.Errorf("%q: %+v", text, got)
		}
	}
	han := ParseAddress("浙江省义乌市稠州北路1399号3幢201室", areas)
	if han.Street != "稠州北路" || han.From != 1399 || han.Building == "" || han.Room == "" {
		t.Errorf("%+v", han)
	}
	if !SameHouse(han, ParseAddress("稠州北路1399号", areas)) || SameHouse(han, ParseAddress("稠州北路1401号", areas)) {
		t.Error("the same house is not told from the next")
	}
}

// registers has two registers of four establishments, written as two
// departments write them, and a namesake elsewhere in each.
func registers() (left, right []Record) {
	at := func(lon, lat float64) *orb.Point { return &orb.Point{lon, lat} }
	left = []Record{
		{Key: "1", Names: []string{"义乌市宏达包装有限公司"}, Address: "义乌市稠州北路1399号", Code: "91330782MA2DBAQX3K", Place: at(120.075, 29.31)},
		{Key: "2", Names: []string{"义乌市佳美超市"}, Address: "义乌市工人西路20号", Place: at(120.07, 29.30)},
		{Key: "3", Names: []string{"浙江东方医药连锁有限公司北苑分店"}, Address: "义乌市北苑路8号", Place: at(120.05, 29.32)},
		{Key: "4", Names: []string{"佳美超市"}, Address: "义乌市佛堂镇双林路300号", Place: at(120.02, 29.20)},
	}
	right = []Record{
		{Key: "a", Names: []string{"宏达包装有限公司"}, Address: "稠州北路1399号", Code: "91330782MA2DBAQX3K"},
		{Key: "b", Names: []string{"佳美超市"}, Address: "工人西路20号", Place: at(120.0701, 29.3001)},
		{Key: "c", Names: []string{"东方医药北苑分店"}, Address: "北苑路8号", Place: at(120.0501, 29.3201)},
		{Key: "d", Names: []string{"蓝天宾馆"}, Address: "城中北路77号", Place: at(120.08, 29.31)},
	}
	return left, right
}

func links(r Result) (out []string) {
	for _, p := range r.Pairs {
		if p.Verdict == Link {
			out = append(out, p.Left+p.Right)
		}
	}
	slices.Sort(out)
	return out
}

func TestTheSameAreLinkedAndNamesakesAreNot(t *testing.T) {
	left, right := registers()
	r, err := Match(context.Background(), left, right, Options{Shape: OneToOne, Areas: areas})
	if err != nil {
		t.Fatal(err)
	}
	if got := links(r); !slices.Equal(got, []string{"1a", "2b", "3c"}) {
		t.Errorf("links %v of %+v", got, r.Pairs)
	}
	for _, p := range r.Pairs {
		if len(p.Reasons) == 0 || p.Score < 0 || p.Score > 1 {
			t.Errorf("%+v", p)
		}
		if p.Right == "d" {
			t.Errorf("a hotel is like %s", p.Left)
		}
	}
	again, err := Match(context.Background(), left, right, Options{Shape: OneToOne, Areas: areas})
	if err != nil || !slices.Equal(links(again), links(r)) || again.Compared != r.Compared {
		t.Errorf("the same registers gave %v, then %v", links(r), links(again))
	}
}

// What people decided holds, whatever the fields say.
func TestDecisionsHold(t *testing.T) {
	left, right := registers()
	r, err := Match(context.Background(), left, right, Options{Shape: OneToOne, Areas: areas, Decided: map[Key]bool{{"2", "b"}: false, {"4", "d"}: true}})
	if err != nil {
		t.Fatal(err)
	}
	if got := links(r); slices.Contains(got, "2b") || !slices.Contains(got, "4d") {
		t.Errorf("links %v", got)
	}
}

func TestBadRegistersAreRefused(t *testing.T) {
	one := []Record{{Key: "1", Names: []string{"x"}}}
	for name, tt := range map[string]struct {
		left, right []Record
		shape       Shape
	}{
		"no shape":            {one, one, ""},
		"a key twice":         {append(slices.Clone(one), one...), one, OneToOne},
		"a row without a key": {[]Record{{Names: []string{"x"}}}, one, OneToOne},
	} {
		if _, err := Match(context.Background(), tt.left, tt.right, Options{Shape: tt.shape}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Match(ctx, one, one, Options{Shape: OneToOne}); err == nil {
		t.Error("it went on though nobody waits")
	}
	if r, err := Match(context.Background(), nil, one, Options{Shape: ManyToOne}); err != nil || len(r.Pairs) != 0 {
		t.Errorf("an empty register: %+v, %v", r, err)
	}
}
