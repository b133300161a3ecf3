package web

import (
	"iter"
	"slices"
	"time"

	"onemap/layers/evaluate"
	"onemap/layers/incident"
)

// words are a sheet's headings that no definition gives.
var words = map[string][2]string{
	"key": {"代码", "Code"}, "name": {"名称", "Name"}, "rank": {"排名", "Rank"}, "score": {"综合得分", "Score"}, "grade": {"等级", "Grade"},
	"previous": {"上期", "previous"}, "year_ago": {"去年同期", "a year ago"}, "total": {"合计", "Total"},
	"result": {"评价结果", "Evaluation"}, "rules": {"说明与口径", "Definitions"}, "item": {"项目", "Item"}, "text": {"说明", "Meaning"},
	"period": {"统计时段", "Period"}, "until": {"统计截止", "Counted until"}, "version": {"规则启用日期", "Rules in force from"},
	"cases": {"案件", "Cases"}, "id": {"编号", "Id"}, "number": {"案卷号", "Case number"}, "class": {"类别代码", "Class"}, "class_name": {"类别", "Class name"},
	"state": {"状态", "State"}, "source": {"来源", "Source"}, "area": {"区划代码", "Area"}, "grid": {"网格编码", "Grid"}, "dispatch": {"第几次派遣", "Dispatch"},
	"dept": {"主管部门", "Department"}, "reported": {"上报时间", "Reported"}, "filed": {"立案时间", "Filed"}, "dispatched": {"派遣时间", "Dispatched"},
	"deadline": {"处置截止", "Deadline"}, "handled": {"处置时间", "Handled"}, "ended": {"办结时间", "Ended"}, "late": {"超时", "Late"}, "excused": {"申诉成立", "Excused"},
	"returned": {"回退结果", "Return"}, "lost": {"耽误小时", "Hours lost"}, "action": {"操作", "Step"}, "at": {"操作时间", "At"}, "actor": {"操作人", "By"},
	"description": {"描述", "Description"}, "place": {"事发位置", "Place"}, "severity": {"级别", "Severity"}, "occurred": {"发生时间", "Occurred"},
	"closed": {"结案时间", "Closed"}, "lon": {"经度", "Longitude"}, "lat": {"纬度", "Latitude"}, "due": {"截止时间", "Due"}, "overdue": {"超时", "Overdue"},
	"returns": {"回退次数", "Returns"}, "reworks": {"返工次数", "Reworks"}, "supervised": {"督办", "Supervised"},
}

func heads(lang string, names ...string) []string {
	at := 0
	if lang == "en" {
		at = 1
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = words[n][at]
	}
	return out
}

func word(lang, name string) string { return heads(lang, name)[0] }

func said(lang, zh, en string) string {
	if lang == "en" {
		return en
	}
	return zh
}

func called(lang string, n incident.Name) string { return said(lang, n.ZH, n.EN) }

// rowsOf are rows that are there already.
func rowsOf(rows [][]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func value(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// evaluationSheets are a report as two tables: the numbers, and what they mean.
func evaluationSheets(r evaluate.Report, lang string) []sheet {
	zone := r.Period.From.Location()
	head := heads(lang, "key", "name")
	scored := slices.ContainsFunc(r.Rows, func(x evaluate.Row) bool { return x.Score != nil })
	if scored {
		head = append(head, heads(lang, "rank", "score", "grade")...)
	}
	for _, d := range r.Definitions {
		name := said(lang, d.NameZH, d.NameEN)
		if d.Kind == "rate" {
			name += " (" + d.Unit + ")"
		}
		head = append(head, name)
		if r.Previous != nil {
			head = append(head, name+" · "+word(lang, "previous"), name+" · "+word(lang, "year_ago"))
		}
	}
	line := func(x evaluate.Row) []any {
		row := []any{x.Key, said(lang, x.NameZH, x.NameEN)}
		if scored {
			var rank any
			if x.Rank > 0 {
				rank = x.Rank
			}
			row = append(row, rank, value(x.Score), x.Grade)
		}
		for _, d := range r.Definitions {
			if d.Kind == "count" {
				row = append(row, x.Counts[d.Name])
				if r.Previous != nil {
					row = append(row, x.Previous.Counts[d.Name], x.YearAgo.Counts[d.Name])
				}
				continue
			}
			row = append(row, value(x.Rates[d.Name].Value))
			if r.Previous != nil {
				row = append(row, value(x.Previous.Rates[d.Name]), value(x.YearAgo.Rates[d.Name]))
			}
		}
		return row
	}
	var rows [][]any
	for _, x := range r.Rows {
		rows = append(rows, line(x))
	}
	total := r.Total
	total.Key = ""
	rows = append(rows, line(total))

	notes := [][]any{
		{word(lang, "period"), r.Period.Label + " (" + r.Zone + ")"},
		{word(lang, "until"), r.Period.Until.In(zone)},
		{word(lang, "version"), r.Rules.ValidFrom},
	}
	cut := r.CutOff.ZH
	if lang == "en" {
		cut = r.CutOff.EN
	}
	for _, text := range cut {
		notes = append(notes, []any{"", text})
	}
	for _, d := range r.Definitions {
		notes = append(notes, []any{said(lang, d.NameZH, d.NameEN), said(lang, d.FormulaZH, d.FormulaEN)})
	}
	return []sheet{
		{title: word(lang, "result"), head: head, rows: rowsOf(rows), zone: zone, main: true},
		{title: word(lang, "rules"), head: heads(lang, "item", "text"), rows: rowsOf(notes), zone: zone},
	}
}

// moment is a cell of a time that may not be there.
func moment(t *time.Time) any {
	if t == nil {
		return nil
	}
	return *t
}

// caseSheet is the list behind a number.
func caseSheet(lang string, zone *time.Location, steps bool, cases iter.Seq2[evaluate.Case, error]) sheet {
	head := heads(lang, "id", "number", "class", "class_name", "state", "source", "area", "grid", "dispatch", "dept",
		"reported", "filed", "dispatched", "deadline", "handled", "ended", "late", "excused", "returned", "lost")
	if steps {
		head = append(head, heads(lang, "action", "at", "actor")...)
	}
	return sheet{title: word(lang, "cases"), head: head, zone: zone, main: true, rows: func(yield func([]any, error) bool) {
		for c, err := range cases {
			if err != nil {
				yield(nil, err)
				return
			}
			row := []any{c.ID, c.Number, c.Class, said(lang, c.ClassZH, c.ClassEN), called(lang, incident.StateName(c.State)), called(lang, incident.SourceName(c.Source)), c.Area, c.Grid, c.Dispatch, c.Dept,
				c.ReportedAt, moment(c.FiledAt), moment(c.DispatchedAt), moment(c.Deadline), moment(c.HandledAt), moment(c.EndedAt), c.Late, c.Excused, c.Returned, value(c.LostHours)}
			if steps {
				row = append(row, called(lang, incident.ActionName(c.Action)), moment(c.At), c.Actor)
			}
			if !yield(row, nil) {
				return
			}
		}
	}}
}
