package match_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/match"
)

// registers fills both registers with a dozen firms, the fire brigade's under
// the names that it writes.
func (w *world) registers() {
	for i, firm := range []struct{ key, name, address, fire, at string }{
		{"1", "义乌市宏达饰品有限公司", "义乌市稠城街道宾王路223号", "宏达饰品", "宾王路223号"},
		{"2", "义乌市华丰针织有限公司", "义乌市北苑街道雪峰西路10号", "义乌市华峰针织厂", "雪峰西路10号"},
		{"3", "浙江新光饰品股份有限公司", "义乌市江东街道宗泽路55号", "新光饰品", "宗泽路57号"},
		{"4", "义乌市双童日用品有限公司", "义乌市北苑街道苏福路378号", "双童日用品有限公司", "苏福路378号"},
		{"5", "义乌市真爱毛纺有限公司", "义乌市稠江街道杨村路1号", "真爱毛纺", "杨村路1号"},
		{"6", "义乌市芬莉袜业有限公司", "义乌市大陈镇镇东路8号", "芬莉袜业有限公司", "镇东路8号"},
		{"7", "义乌市浪莎针织有限公司", "义乌市稠江街道四海大道1号", "浪莎针织有限公司", "四海大道1号"},
		{"8", "义乌市绿野酒店", "义乌市稠城街道城中中路99号", "绿野酒店", "城中中路99号"},
	} {
		w.row("shop", "m"+firm.key, "", firm.name, firm.address, float64(i)*300)
		w.row("fire_unit", "f"+firm.key, "", firm.fire, firm.at, float64(i)*300+10)
	}
	w.row("shop", "m9", "", "义乌市万客隆超市", "义乌市稠城街道化工路5号", 5000)
	w.row("fire_unit", "f10", "", "义乌市恒大木业", "义亭镇工业区3号", 9000)
}

func (w *world) pairs(state string) []match.Pair {
	w.t.Helper()
	all, err := w.s.Pairs(w.t.Context(), operator, "shops", match.PairQuery{State: state})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func keys(pairs []match.Pair) []string {
	var out []string
	for _, p := range pairs {
		out = append(out, p.Left.Key+"="+p.Right.Key)
	}
	return out
}

func TestAPlanLinksWhatIsTheSame(t *testing.T) {
	w := newWorld(t)
	w.registers()
	if err := w.s.Put(t.Context(), operator, plan(), ""); err != nil {
		t.Fatal(err)
	}
	run := w.run("shops")
	if run.Failure != "" || run.FinishedAt == nil || run.Counts.LeftRows != 9 || run.Counts.RightRows != 9 {
		t.Fatalf("run: %+v", run)
	}
	linked := keys(w.pairs(match.Linked))
	for _, want := range []string{"f1=m1", "f2=m2", "f3=m3", "f4=m4", "f5=m5", "f6=m6", "f7=m7", "f8=m8"} {
		if !slices.Contains(linked, want) {
			t.Errorf("%s is not linked; linked: %v", want, linked)
		}
	}
	if len(linked) != 8 {
		t.Errorf("linked: %v", linked)
	}
	for _, p := range w.pairs(match.Linked) {
		if len(p.Reasons) == 0 || p.How != "machine" || p.Score < 0.95 {
			t.Errorf("%s: %+v", p.Left.Key, p)
		}
	}
	apart, err := w.s.Conflicts(t.Context(), operator, "shops", "", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(apart) != 1 || apart[0].LeftKey != "f3" || apart[0].Left != "宗泽路57号" || apart[0].Mend != "fire_unit" || apart[0].MendOwner != "fire" {
		t.Errorf("conflicts: %+v", apart)
	}
	// Mended at its source, it is shown no more, before the next run too.
	w.exec(`UPDATE map.fire_unit SET address = '宗泽路55号' WHERE source_key = 'f3'`)
	if apart, _ = w.s.Conflicts(t.Context(), operator, "shops", "", 0, 10); len(apart) != 0 {
		t.Errorf("conflicts after mending: %+v", apart)
	}
}

// A re-import brings new ids and other rows; the keys stay.
func TestLinksAndDecisionsOutliveAReimport(t *testing.T) {
	w := newWorld(t)
	w.registers()
	if err := w.s.Put(t.Context(), operator, plan(), ""); err != nil {
		t.Fatal(err)
	}
	w.run("shops")
	decide := func(left, right, verdict string) {
		t.Helper()
		if err := w.s.Decide(t.Context(), operator, "shops", match.Decision{LeftKey: left, RightKey: right, Verdict: verdict, Note: "现场核实"}, ""); err != nil {
			t.Fatal(err)
		}
	}
	decide("f1", "m1", match.NotSame)
	decide("f10", "m9", match.Same) // the machine would never
	decide("f4", "m4", match.Same)
	var since string
	if err := w.db.QueryRow(t.Context(), `SELECT since::text FROM onemap.match_link WHERE left_key = 'f5'`).Scan(&since); err != nil {
		t.Fatal(err)
	}
	holds := func(when string) {
		t.Helper()
		linked := keys(w.pairs(match.Linked))
		if slices.Contains(linked, "f1=m1") || !slices.Contains(linked, "f10=m9") || !slices.Contains(linked, "f4=m4") || !slices.Contains(linked, "f5=m5") {
			t.Errorf("%s: linked %v", when, linked)
		}
	}
	holds("at once")

	w.exec(`DELETE FROM map.shop; DELETE FROM map.fire_unit; ALTER TABLE map.shop ALTER id RESTART WITH 9000`)
	if n := w.count(`SELECT count(*) FROM onemap.match_link`); n != 8 { // eight by the machine, less f1, f4 by a person now, and f10
		t.Errorf("%d links while the registers are empty", n)
	}
	w.registers()
	holds("before the next run")
	w.run("shops")
	holds("after the next run")
	var again string
	if err := w.db.QueryRow(t.Context(), `SELECT since::text FROM onemap.match_link WHERE left_key = 'f5'`).Scan(&again); err != nil || again != since {
		t.Errorf("the link is since %s, was since %s (%v)", again, since, err)
	}
	if got := keys(w.pairs(match.Changed)); len(got) != 0 {
		t.Errorf("changed: %v", got)
	}
	w.exec(`UPDATE map.fire_unit SET name = '三和物流有限公司' WHERE source_key = 'f4'`)
	w.run("shops")
	if got := keys(w.pairs(match.Changed)); !slices.Equal(got, []string{"f4=m4"}) {
		t.Errorf("changed after a new name: %v", got)
	}
	decide("f4", "m4", match.Open)
	w.run("shops")
	if got := keys(w.pairs(match.Linked)); slices.Contains(got, "f4=m4") {
		t.Errorf("still linked after the decision was taken back: %v", got)
	}
	if _, err := w.db.Exec(t.Context(), `UPDATE onemap.match_decision SET verdict = 'same'`); err == nil {
		t.Error("a decision could be changed")
	}
}

func TestOneRowIsLinkedOnceByPeopleToo(t *testing.T) {
	w := newWorld(t)
	w.registers()
	if err := w.s.Put(t.Context(), operator, plan(), ""); err != nil {
		t.Fatal(err)
	}
	w.run("shops")
	if err := w.s.Decide(t.Context(), operator, "shops", match.Decision{LeftKey: "f10", RightKey: "m5", Verdict: match.Same}, ""); err != nil {
		t.Fatal(err)
	}
	// Theirs takes the place of the machine's f5=m5, at once.
	if got := keys(w.pairs(match.Linked)); slices.Contains(got, "f5=m5") || !slices.Contains(got, "f10=m5") {
		t.Errorf("linked: %v", got)
	}
	err := w.s.Decide(t.Context(), operator, "shops", match.Decision{LeftKey: "f5", RightKey: "m5", Verdict: match.Same}, "")
	if !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a second link of m5: %v", err)
	}
}

func TestPairsAreSeenByRightToBothRows(t *testing.T) {
	w := newWorld(t)
	w.registers()
	if err := w.s.Put(t.Context(), operator, plan(), ""); err != nil {
		t.Fatal(err)
	}
	w.run("shops")
	ask := func(login string) ([]match.Pair, error) {
		return w.s.Pairs(t.Context(), w.as(login), "shops", match.PairQuery{State: match.Linked})
	}
	for _, login := range []string{"tax", "fire"} {
		if _, err := ask(login); !errors.Is(err, layers.ErrNotFound) {
			t.Errorf("%s, who does not see both layers: %v", login, err)
		}
	}
	w.grant("shop", "fire")
	if got, err := ask("fire"); err != nil || len(got) != 8 {
		t.Errorf("the fire brigade, granted the shops: %d pairs, %v", len(got), err)
	}
	w.grant("shop", "tax")
	w.grant("fire_unit", "tax")
	if got, err := ask("tax"); err != nil || len(got) != 8 {
		t.Errorf("the tax office, granted both: %d pairs, %v", len(got), err)
	}
	err := w.s.Decide(t.Context(), w.as("tax"), "shops", match.Decision{LeftKey: "f1", RightKey: "m1", Verdict: match.NotSame}, "")
	if !errors.Is(err, access.ErrForbidden) {
		t.Errorf("the tax office decides on others' registers: %v", err)
	}
	// A grant of some rows and fields shows those alone.
	w.exec(`UPDATE onemap.layer_grant SET fields = '{name}' WHERE org = 'tax' AND layer = 'shop'`)
	got, err := ask("tax")
	if err != nil || len(got) != 8 || got[0].Right.Address != "" || len(got[0].Right.Names) != 1 {
		t.Errorf("granted the name alone: %+v, %v", got, err)
	}
	if apart, err := w.s.Conflicts(t.Context(), w.as("tax"), "shops", "", 0, 10); err != nil || len(apart) != 0 {
		t.Errorf("conflicts of a field that they do not see: %+v, %v", apart, err)
	}
	w.exec(`UPDATE onemap.layer_grant SET grids = '{330799009009009}' WHERE org = 'tax' AND layer = 'shop'`)
	if got, err := ask("tax"); err == nil && len(got) != 0 {
		t.Errorf("granted other grids: %d pairs", len(got))
	}
}

func TestPeopleAreNeverMatched(t *testing.T) {
	w := newWorld(t)
	refused := func(what string, p match.Plan, says string) {
		t.Helper()
		err := w.s.Put(t.Context(), operator, p, "")
		if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "people are never matched") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	contact := plan()
	contact.Right.Names = []string{"name", "legal_rep"}
	refused("a legal representative as a name", contact, "legal_rep")

	w.layer("villager", "market", "name text, id_card text, address text, uscc text")
	people := plan()
	people.RightLayer, people.Items = "villager", nil
	refused("a layer with a column of identity numbers", people, "id_card")

	staff := plan()
	staff.RightLayer = "worker"
	staff.Right = match.Roles{Names: []string{"name"}}
	refused("the layer of workers", staff, "worker")

	// Columns may be called anything: the values tell.
	w.layer("unit", "market", "name text, uscc text, address text")
	hidden := plan()
	hidden.RightLayer = "unit"
	if err := w.s.Put(t.Context(), operator, hidden, ""); err != nil {
		t.Fatal(err)
	}
	for i, name := range strings.Fields("王伟 李娜 张秀英 刘洋 陈静 杨丽 赵敏 黄强 周杰 吴刚 徐磊 孙燕 胡军 朱琳 高飞 林涛 何平 郭明 马超 罗兰") {
		w.row("unit", "p"+string(rune('a'+i)), "", name, "", 0)
	}
	if run := w.run("shops"); !strings.Contains(run.Failure, "people are never matched") {
		t.Errorf("a register of persons' names: %+v", run)
	}
	w.exec(`DELETE FROM map.unit`)
	w.row("unit", "1", "11010519491231002X", "甲商行", "", 0) // the example of GB 11643
	if run := w.run("shops"); !strings.Contains(run.Failure, "citizens' numbers") {
		t.Errorf("a register with citizens' numbers as codes: %+v", run)
	}
	if n := w.count(`SELECT count(*) FROM onemap.match_pair`); n != 0 {
		t.Errorf("%d pairs of refused registers", n)
	}
}

func TestARunFollowsAnImport(t *testing.T) {
	w := newWorld(t)
	w.registers()
	if err := w.s.Put(t.Context(), operator, plan(), ""); err != nil {
		t.Fatal(err)
	}
	follow := func() int {
		t.Helper()
		if err := w.s.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.count(`SELECT count(*) FROM onemap.match_run`)
	}
	if n := follow(); n != 0 {
		t.Errorf("a plan that never ran: %d runs", n)
	}
	w.run("shops")
	if n := follow(); n != 1 {
		t.Errorf("nothing was imported: %d runs", n)
	}
	w.exec(`INSERT INTO onemap.batch (layer, file_name, sha256, crs, imported_by, finished_at) VALUES ('shop', 'a.csv', sha256('a'), 'WGS84', 'x', clock_timestamp())`)
	if n := follow(); n != 2 {
		t.Errorf("after an import: %d runs", n)
	}
	if n := follow(); n != 2 {
		t.Errorf("the run is asked for and not done yet: %d runs", n)
	}
}
