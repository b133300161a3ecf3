package evaluate

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Report is an evaluation.
type Report struct {
	Subject     string       `json:"subject" enum:"area,department,post"`
	Level       string       `json:"level,omitempty" doc:"Of areas: county, town, community, grid_community, grid_duty or grid_unit"`
	Parent      string       `json:"parent,omitempty"`
	Post        string       `json:"post,omitempty" enum:"collector,acceptor,shift_leader,dispatcher"`
	By          string       `json:"by,omitempty" enum:"organisation,person"`
	Zone        string       `json:"time_zone" doc:"The city's"`
	Period      Period       `json:"period"`
	Previous    *Period      `json:"previous_period,omitempty" doc:"环比: of a period that has not ended, as much of the one before"`
	YearAgo     *Period      `json:"year_ago_period,omitempty" doc:"同比"`
	Rules       Version      `json:"rules" doc:"The grades and weights in force on the period's last day"`
	CutOff      CutOff       `json:"cut_off" doc:"What counts, in words"`
	Definitions []Definition `json:"definitions" nullable:"false"`
	Total       Row          `json:"total" doc:"Of all that the caller may see: for a department more than the rows"`
	Rows        []Row        `json:"rows" nullable:"false" doc:"By rank where there is one, else by key"`
}

// CutOff are the rules of counting in words.
type CutOff struct {
	ZH []string `json:"zh" nullable:"false"`
	EN []string `json:"en" nullable:"false"`
}

// A Row is an area, a department, an organisation's post or a person's.
type Row struct {
	Key    string           `json:"key" doc:"A code, or a login; empty for what is in none"`
	NameZH string           `json:"name_zh"`
	NameEN string           `json:"name_en"`
	Counts map[string]int64 `json:"counts" nullable:"false"`
	Rates  map[string]Rate  `json:"rates" nullable:"false"`
	Score  *float64         `json:"score" nullable:"true" doc:"0 to 100; null where under half of its weight has data, and for persons, whom nobody scores"`
	Grade  string           `json:"grade,omitempty" doc:"Of the score"`
	Rank   int              `json:"rank,omitempty" doc:"By score; equal ones share it"`
	Parts  []PartOf         `json:"parts,omitempty" doc:"What the score is made of"`
	// Compared with other periods.
	Previous *Past `json:"previous,omitempty"`
	YearAgo  *Past `json:"year_ago,omitempty"`

	sums map[string]int64
	grid int64 // unit grids, for rules that divide by them
}

// A Rate with what it is made of.
type Rate struct {
	Value       *float64 `json:"value" nullable:"true" doc:"Percent or hours; null where the denominator is empty: no data"`
	Numerator   int64    `json:"numerator"`
	Denominator int64    `json:"denominator"`
	Grade       string   `json:"grade,omitempty" doc:"Of rates in percent that are better high or low"`
}

// A PartOf a score.
type PartOf struct {
	Of     string   `json:"of"`
	Weight float64  `json:"weight"`
	Points *float64 `json:"points" nullable:"true" doc:"0 to 100; null: no data, and its weight goes to the others"`
}

// Past is a row in another period.
type Past struct {
	Counts map[string]int64    `json:"counts" nullable:"false"`
	Rates  map[string]*float64 `json:"rates" nullable:"false"`
	Score  *float64            `json:"score" nullable:"true"`
	// (now - then) / then in percent; null where then is 0 or has no data.
	ChangeOfCounts map[string]*float64 `json:"change_of_counts" nullable:"false" doc:"(now - then) / then in percent; null where then is 0"`
	ChangeOfRates  map[string]*float64 `json:"change_of_rates" nullable:"false" doc:"The same of the rates; null where then is 0 or one has no data"`
}

var cutOff = CutOff{
	ZH: []string{
		"时段为前闭后开区间,按城市时区;未结束的时段统计到查询时刻。",
		"应处置数、应结案数:本期完成的,加处置截止时间在本期内而期末未完成的;期末挂账的除外。截止时间含批准的延时,不计挂账、回退、核查所占时间。",
		"超时以处置截止时间为准;申诉成立的不计超时,超时事实保留在“申诉成立数”中。",
		"以目前所知为准:重新立案的以最后一次结案为准,返工的以最后一次反馈为准,期后作废或申诉成立的改变当期数字。",
		"分母为空的比率为“无数据”,不计 0 或 100。没有用时记录的步骤(如历史导入)不进入按时率。",
		"环比、同比:未结束的时段与上期、去年同期的相同长度比较。",
		"综合得分:有数据的权重不足一半时不评分,否则按有数据的权重折算。",
	},
	EN: []string{
		"A period is half-open, in the city's time zone; one that has not ended is counted until the moment of the query.",
		"Due to be handled, due to be closed: what was done in the period, and what had its deadline in the period and was not done at its end, without what was suspended then. Deadlines hold granted extensions, and leave out the time that a case stood suspended, returned or under check.",
		"Late is after the handling deadline. What an appeal excused is not counted as late; the fact is kept as “late but excused”.",
		"What is known now counts: of a reopened case the last closing, of a reworked one the last feedback; a void or a granted appeal after the period changes it.",
		"A rate with an empty denominator is no data, never 0 or 100. Steps whose time is not on record, as of historic imports, are in no on-time rate.",
		"A period that has not ended is compared with as much of the one before and of the one a year ago.",
		"Scores: none where under half of the weight has data; else the weights with data are scaled to 100.",
	},
}

// Report makes a report. What is wrong with the query is a [layers.InputError];
// a caller without a right to it gets [access.ErrForbidden].
func (s *Store) Report(ctx context.Context, scope access.Scope, q Query) (Report, error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Report{}, err
	}
	if err := q.check(); err != nil {
		return Report{}, err
	}
	now := time.Now()
	p := q.Period.cut(now)
	r := Report{Subject: q.Subject, Parent: q.Parent, Post: q.Post, Zone: p.From.Location().String(), Period: p, CutOff: cutOff, Definitions: q.definitions()}
	if q.Subject == Post {
		r.By = "organisation"
		if q.ByPerson {
			r.By = "person"
		}
	}
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if r.Rules, err = rules(ctx, tx, p); err != nil {
			return err
		}
		k, err := newKeys(ctx, tx, v, &q)
		if err != nil {
			return err
		}
		r.Level = q.Level
		if err := k.countGrids(ctx, tx, q, r.Rules.Rules); err != nil {
			return err
		}
		t, err := read(ctx, tx, v, q, k, p)
		if err != nil {
			return err
		}
		t.rate(q, r.Rules.Rules)
		if !q.Alone {
			previous, yearAgo := p.as(p.before()), p.as(p.yearBefore())
			r.Previous, r.YearAgo = &previous, &yearAgo
			for _, past := range []struct {
				p  Period
				at func(*Row) **Past
			}{{previous, func(r *Row) **Past { return &r.Previous }}, {yearAgo, func(r *Row) **Past { return &r.YearAgo }}} {
				then, err := read(ctx, tx, v, q, k, past.p)
				if err != nil {
					return err
				}
				then.rate(q, r.Rules.Rules)
				t.compare(then, past.at)
			}
		}
		r.Total, r.Rows = t.total, t.sorted(q)
		return nil
	})
	if err != nil {
		return Report{}, access.Wrap("evaluation", err)
	}
	return r, nil
}

// A tally is the rows of one period by key.
type tally struct {
	rows  map[string]*Row
	total Row
}

// rate computes rates, scores and grades from the counts.
func (t *tally) rate(q Query, r Rules) {
	for _, row := range t.rows {
		row.rate(q, r)
	}
	t.total.rate(q, r)
}

func (row *Row) rate(q Query, r Rules) {
	row.Rates = map[string]Rate{}
	for _, def := range ratesOf[q.of()] {
		num, ok := row.Counts[def.num]
		if !ok {
			num = row.sums[def.num]
		}
		den := row.Counts[def.den]
		x := Rate{Numerator: num, Denominator: den}
		if den > 0 {
			value := 100 * float64(num) / float64(den)
			if def.unit == "h" {
				value = float64(num) / 3600 / float64(den)
			}
			x.Value = rounded(value)
			if def.unit == "%" && def.better != "" && !q.ByPerson {
				x.Grade = r.grade(high(value, def.better == "low"))
			}
		}
		row.Rates[def.name] = x
	}
	if q.ByPerson {
		return // nobody scores a person
	}
	row.Parts = nil
	var sum, weight float64
	for _, p := range r.Scores[q.of()] {
		part := PartOf{Of: p.Of, Weight: p.Weight}
		if points, ok := row.points(p); ok {
			part.Points = rounded(points)
			sum, weight = sum+points*p.Weight, weight+p.Weight
		}
		row.Parts = append(row.Parts, part)
	}
	if weight >= 50 {
		row.Score = rounded(sum / weight)
		row.Grade = r.grade(*row.Score)
	}
}

// points of a part, 0 to 100; false where it has no data.
func (row *Row) points(p Part) (float64, bool) {
	if len(p.Steps) == 0 {
		x := row.Rates[p.Of]
		if x.Denominator == 0 {
			return 0, false
		}
		return high(100*float64(x.Numerator)/float64(x.Denominator), p.Inverse), true
	}
	n := float64(row.Counts[p.Of])
	if p.PerGrid {
		if row.grid == 0 {
			return 0, false
		}
		n /= float64(row.grid)
	}
	for _, s := range p.Steps {
		if n >= s.From {
			return s.Points, true
		}
	}
	return p.Steps[len(p.Steps)-1].Points, true
}

// high is a percentage of which more is better, at least 0.
func high(value float64, inverse bool) float64 {
	if inverse {
		value = 100 - value
	}
	return min(max(value, 0), 100)
}

func (r Rules) grade(value float64) string {
	for _, g := range r.Grades {
		if value >= g.From {
			return g.Grade
		}
	}
	return ""
}

// rounded to a hundredth.
func rounded(v float64) *float64 {
	v = math.Round(v*100) / 100
	return &v
}

// compare puts another period's numbers beside these.
func (t *tally) compare(then tally, at func(*Row) **Past) {
	for key, row := range t.rows {
		*at(row) = row.past(then.rows[key])
	}
	*at(&t.total) = t.total.past(&then.total)
}

func (row *Row) past(then *Row) *Past {
	p := &Past{Counts: map[string]int64{}, Rates: map[string]*float64{}, ChangeOfCounts: map[string]*float64{}, ChangeOfRates: map[string]*float64{}}
	if then == nil {
		then = &Row{}
	}
	p.Score = then.Score
	change := func(now, then float64) *float64 {
		if then == 0 {
			return nil
		}
		return rounded(100 * (now - then) / then)
	}
	for name, n := range row.Counts {
		p.Counts[name] = then.Counts[name]
		p.ChangeOfCounts[name] = change(float64(n), float64(then.Counts[name]))
	}
	for name, x := range row.Rates {
		was := then.Rates[name].Value
		p.Rates[name] = was
		p.ChangeOfRates[name] = nil
		if x.Value != nil && was != nil {
			p.ChangeOfRates[name] = change(*x.Value, *was)
		}
	}
	return p
}

// sorted ranks the rows by score; what is in none comes last.
func (t *tally) sorted(q Query) []Row {
	rows := make([]Row, 0, len(t.rows))
	for _, r := range t.rows {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		none := func(r Row) int {
			switch {
			case r.Key == "":
				return 2
			case r.Score == nil:
				return 1
			}
			return 0
		}
		if c := cmp.Compare(none(a), none(b)); c != 0 {
			return c
		}
		if a.Score != nil && b.Score != nil {
			if c := cmp.Compare(*b.Score, *a.Score); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.Key, b.Key)
	})
	for i := range rows {
		switch {
		case rows[i].Score == nil || rows[i].Key == "":
		case i > 0 && rows[i-1].Rank > 0 && *rows[i-1].Score == *rows[i].Score:
			rows[i].Rank = rows[i-1].Rank
		default:
			rows[i].Rank = i + 1
		}
	}
	return rows
}

// check says what is wrong with a query.
func (q Query) check() error {
	switch {
	case !slices.Contains([]string{Area, Department, Post}, q.Subject):
		return &layers.InputError{Field: "subject", Value: q.Subject, Remedy: "one of area, department, post"}
	case q.Subject == Post && ofPosts[q.Post] == nil:
		return &layers.InputError{Field: "post", Value: q.Post, Remedy: "one of collector, acceptor, shift_leader, dispatcher"}
	case q.Level != "" && (q.Subject != Area || !slices.Contains(Levels, q.Level)):
		return &layers.InputError{Field: "level", Value: q.Level, Remedy: "of areas, one of " + strings.Join(Levels, ", ")}
	case q.Period.From.IsZero() || !q.Period.From.Before(q.Period.To):
		return &layers.InputError{Field: "period", Value: q.Period.Label, Remedy: "a period"}
	}
	return nil
}
