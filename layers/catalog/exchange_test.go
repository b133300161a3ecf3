package catalog_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/catalog"
	"onemap/layers/catalog/province"
)

// some of the province's resources, with every kind of text in them.
func (c *city) province(t *testing.T, n int) []catalog.Draft {
	t.Helper()
	for _, o := range province.Organisations() {
		if err := c.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	drafts := province.Drafts()[:n]
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	drafts[0].Abstract, drafts[0].NameEN, drafts[0].UpdatedAt = "=1+1, \"引号\"\n第二行", "Name; in English", &at
	drafts[0].PeriodFrom, drafts[0].PeriodTo, drafts[0].FormatType, drafts[0].ShareHow, drafts[0].Related = "2020-01-01", "2021-12-31", "XLSX", "邮件", []string{"103001/000001", "3/1"}
	drafts[0].Items[0].Description, drafts[0].Items[0].NameEN = "-说明", "code"
	drafts[1].Open, drafts[1].Share, drafts[1].ShareBasis, drafts[1].OpenBasis, drafts[1].KnownTo = true, layers.Unconditional, "", "注明来源", catalog.KnownToPublic
	drafts[2].Items = nil
	entries := make([]catalog.Entry, n)
	for i, d := range drafts {
		entries[i] = catalog.Entry{Line: i + 1, Draft: d}
	}
	rep, err := c.store.Import(t.Context(), operator, catalog.Import{Entries: entries, Apply: true})
	if err != nil || rep.New != n || rep.Refused != 0 {
		t.Fatalf("import: %+v, %v", rep, err)
	}
	return drafts
}

func (c *city) all(t *testing.T, by access.Scope) []catalog.Resource {
	t.Helper()
	var out []catalog.Resource
	if err := c.store.All(t.Context(), by, catalog.Query{}, func(r catalog.Resource) error {
		out = append(out, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *city) classNames(t *testing.T) map[string]string {
	t.Helper()
	all, err := c.store.Classes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, k := range all {
		out[k.Code] = k.NameZH
	}
	return out
}

// What is written as a table, as CSV in two encodings, or as DCAT changes
// nothing when it is read back, and makes the same in an empty city.
func TestWrittenAndReadBack(t *testing.T) {
	c := newCity(t)
	c.province(t, 120)
	all, classes := c.all(t, operator), c.classNames(t)
	if len(all) < 120+20 {
		t.Fatalf("%d resources", len(all))
	}
	rows := [][]string{catalog.SheetHead("zh")}
	var dcat bytes.Buffer
	w, err := catalog.NewDCAT(&dcat, "https://onemap.example", "目录", "Catalogue")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		for row := range catalog.SheetRows(r, classes) {
			cells := make([]string, len(row))
			for i, v := range row {
				switch v := v.(type) {
				case nil:
				case time.Time:
					cells[i] = v.Format("2006-01-02 15:04:05")
				case string:
					if v != "" && strings.ContainsAny(v[:1], "=-+@") {
						v = "'" + v
					}
					cells[i] = v
				default:
					cells[i] = fmt.Sprint(v)
				}
			}
			rows = append(rows, cells)
		}
		if err := w.Write(r, classes); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var utf8 bytes.Buffer
	if err := csv.NewWriter(&utf8).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(utf8.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	book := excelize.NewFile()
	for i, row := range rows {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var xlsx bytes.Buffer
	if err := book.Write(&xlsx); err != nil {
		t.Fatal(err)
	}
	table := func(rows [][]string, err error) []catalog.Entry {
		if err != nil {
			t.Fatal(err)
		}
		entries, err := catalog.ReadSheet(rows, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	linked, err := catalog.ReadDCAT(dcat.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for name, entries := range map[string][]catalog.Entry{"CSV": table(catalog.ReadCSV(utf8.Bytes())), "GB18030": table(catalog.ReadCSV(gb)), "XLSX": table(catalog.ReadXLSX(xlsx.Bytes())), "DCAT": linked} {
		if len(entries) != len(all) {
			t.Errorf("%s: %d resources, want %d", name, len(entries), len(all))
		}
		rep, err := c.store.Import(t.Context(), operator, catalog.Import{Entries: entries})
		if err != nil || rep.Same != len(all) {
			t.Errorf("%s changes %d, adds %d, refuses %d of %d: %+v %+v, %v", name, rep.Changed, rep.New, rep.Refused, len(all), rep.Faults, rep.Changes, err)
		}
	}
	// In an empty city: the same catalogue, with the same codes.
	other := newCity(t)
	for _, o := range province.Organisations() {
		if err := other.dir.CreateOrganisation(t.Context(), operator, o); err != nil {
			t.Fatal(err)
		}
	}
	rep, err := other.store.Import(t.Context(), operator, catalog.Import{Entries: linked, Apply: true})
	if err != nil || rep.New != 120 || rep.Refused != 0 || len(rep.Classes) == 0 {
		t.Fatalf("into an empty city: %+v, %v", rep, err)
	}
	for i, r := range other.all(t, operator) {
		want := all[i]
		r.ID, want.ID, r.Version, want.Version = 0, 0, 0, 0
		if g, w := fmt.Sprintf("%+v", catalog.DraftOf(r)), fmt.Sprintf("%+v", catalog.DraftOf(want)); r.UpdatedAt == nil && g != w {
			t.Errorf("there:\n%s\nhere:\n%s", g, w)
		}
	}
}

// The customary template: a title, a heading of two rows with merged cells, a
// resource's cells merged over its items, dates as Excel counts them.
func TestTheCustomaryTemplate(t *testing.T) {
	c := newCity(t)
	book := excelize.NewFile()
	for cell, v := range map[string]any{
		"A1": "示例市政务信息资源目录", "A2": "序号", "B2": "信息资源分类", "F2": "信息资源名称*", "G2": "信息资源代码", "H2": "信息资源提供方", "I2": "信息资源提供方代码", "J2": "信息资源摘要",
		"K2": "信息资源格式", "M2": "信息项信息", "P2": "共享属性", "S2": "开放属性", "U2": "更新周期", "V2": "发布日期", "W2": "关联资源代码",
		"B3": "类", "C3": "项", "D3": "目", "E3": "细目", "K3": "格式分类", "L3": "格式类型", "M3": "信息项名称", "N3": "数据类型", "O3": "数据长度",
		"P3": "共享类型", "Q3": "共享条件", "R3": "共享方式", "S3": "是否向社会开放", "T3": "开放条件",
		"A4": 1, "B4": "部门信息资源", "C4": "城市管理", "D4": "市政设施", "F4": "井盖普查", "G4": "307003/000012", "H4": "示例市城市管理局", "I4": "11330799MB0000002X", "J4": "全市井盖", "K4": "数据库", "L4": "mysql",
		"M4": "井盖编号", "N4": "字符型C", "O4": 16, "P4": "有条件共享", "Q4": "部门履职需要", "R4": "共享平台", "S4": "否", "U4": "每季度", "V4": 45678,
		"M5": "普查日期", "N5": "日期型D", "M6": "权属单位", "N6": "C(50)",
		"A7": 2, "F7": "没有的部门的资源", "H7": "不存在局", "M7": "甲", "P7": "无条件共享", "U7": "实时",
		"A8": 3, "F8": "类型写错的资源", "H8": "示例市城市管理局", "M8": "甲", "N8": "奇怪", "P8": "无条件共享", "U8": "实时",
	} {
		if err := book.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range [][2]string{{"A1", "W1"}, {"B2", "E2"}, {"K2", "L2"}, {"M2", "O2"}, {"P2", "R2"}, {"S2", "T2"}, {"F2", "F3"}, {"G2", "G3"}, {"A4", "A6"}, {"F4", "F6"}, {"G4", "G6"}, {"H4", "H6"}, {"J4", "J6"}, {"P4", "P6"}} {
		if err := book.MergeCell("Sheet1", m[0], m[1]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := catalog.ReadXLSX(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := catalog.ReadSheet(rows, time.UTC)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	officer := c.person(t, "officer", "urban", access.DepartmentOfficer)
	look, err := c.store.Import(t.Context(), officer, catalog.Import{Entries: entries})
	if err != nil || look.Applied || look.New != 1 || look.Refused != 2 || look.Items != 5 {
		t.Fatalf("looking: %+v, %v", look, err)
	}
	if _, err := c.store.Get(t.Context(), officer, "307003/000012"); err == nil {
		t.Error("looking wrote it")
	}
	if _, ok := c.classNames(t)["307003"]; ok {
		t.Error("looking made classes")
	}
	if f := look.Faults; f[0].Line != 7 || f[0].Field != "provider" || f[1].Line != 8 || f[1].Value != "奇怪" {
		t.Errorf("faults: %+v", f)
	}
	if _, err := c.store.Import(t.Context(), officer, catalog.Import{Entries: entries, Apply: true}); err != nil {
		t.Fatal(err)
	}
	r, err := c.store.Get(t.Context(), officer, "307003/000012")
	if err != nil {
		t.Fatal(err)
	}
	if r.NameZH != "井盖普查" || r.Provider != "urban" || r.PublishedOn != "2025-01-21" || r.UpdateCycle != "quarterly" || r.Format != "database" || r.FormatType != "mysql" || r.ShareHow != "共享平台" {
		t.Errorf("%+v", r)
	}
	if len(r.Items) != 3 || r.Items[0].Length != 16 || r.Items[1].Type != "date" || r.Items[2].Type != "text" || r.Items[2].Length != 50 {
		t.Errorf("%+v", r.Items)
	}
	if names := c.classNames(t); names["307"] != "城市管理" || names["307003"] != "市政设施" {
		t.Errorf("classes: %v", names)
	}
	// Another department's officer may not.
	rep, err := c.store.Import(t.Context(), c.person(t, "other", "police", access.DepartmentOfficer), catalog.Import{Entries: entries[:1], Apply: true})
	if err != nil || rep.Refused != 1 || rep.Faults[0].Field != "provider" {
		t.Errorf("by another department: %+v, %v", rep, err)
	}
}

func TestFilesThatAreNoCatalogue(t *testing.T) {
	for name, content := range map[string]string{"nothing": "", "no archive": "PK\x03\x04 but not", "text": "甲,乙\n1,2\n"} {
		if _, err := catalog.ReadXLSX([]byte(content)); err == nil {
			t.Errorf("%s was read as a workbook", name)
		}
	}
	rows, err := catalog.ReadCSV([]byte("甲,乙\n1,2\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = catalog.ReadSheet(rows, time.UTC)
	wantInput(t, err, "file")
	for name, content := range map[string]string{"nothing": "", "a list": "[]", "no datasets": `{"@type": "dcat:Catalog"}`, "deep": strings.Repeat(`{"@graph":`, 5000) + "1" + strings.Repeat("}", 5000), "cut": `{"dcat:dataset": [`} {
		_, err := catalog.ReadDCAT([]byte(content))
		if err == nil {
			t.Errorf("%s was read as DCAT", name)
			continue
		}
		wantInput(t, err, "file")
	}
	// Another's catalogue, in plain names and in a graph with whole IRIs.
	for name, content := range map[string]string{
		"plain":    `{"@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld", "dataset": [{"@type": "dcat:Dataset", "title": "Trees", "description": "All trees", "identifier": "x-1", "publisher": {"name": "Parks"}, "accrualPeriodicity": "R/P1D", "modified": "2026-01-02"}]}`,
		"expanded": `{"@graph": [{"@id": "urn:o", "http://xmlns.com/foaf/0.1/name": "Parks"}, {"@id": "urn:d", "@type": ["http://www.w3.org/ns/dcat#Dataset"], "http://purl.org/dc/terms/title": [{"@value": "Trees", "@language": "en"}], "http://purl.org/dc/terms/description": {"@value": "All trees"}, "http://purl.org/dc/terms/publisher": {"@id": "urn:o"}, "http://purl.org/dc/terms/modified": {"@value": "2026-01-02T00:00:00Z"}}]}`,
	} {
		entries, err := catalog.ReadDCAT([]byte(content))
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e := entries[0]
		if e.Draft.NameZH != "Trees" || e.Draft.Abstract != "All trees" || e.Draft.Code != "" || !strings.Contains(strings.Join(e.Provider, ","), "Parks") || e.Draft.UpdatedAt == nil || e.Draft.Share != layers.Conditional {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
