package web

import (
	"context"
	"fmt"
	"strings"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
)

// Classes of components and matters: their lists, conditions, limits, whose
// matter they are. Everybody reads the lists; administrators change them.

type classesInput struct {
	Edition string `query:"edition" maxLength:"100" doc:"A list by its standard: GB/T 47678.5-2026, GB/T 30428.2-2013, CJ/T 214-2007 …; left out: all"`
	Kind    string `query:"kind" enum:"component,matter"`
	Text    string `query:"q" maxLength:"100" doc:"A code, Chinese words, pinyin initials, English words, or another name"`
	Since   int64  `query:"since" minimum:"0" doc:"The version of an earlier answer: only what changed since, also what is no longer in use"`
	All     bool   `query:"all" doc:"Also classes that ended or that the city does not use"`
	Limit   int    `query:"limit" minimum:"1" maximum:"5000" default:"500"`
}

type classesOutput struct {
	Body struct {
		Version int64         `json:"version" doc:"Of all classes: send it as since to hear only what changed"`
		Classes []class.Class `json:"classes" nullable:"false" doc:"The best first"`
	}
}

func (s *Server) classes(ctx context.Context, in *classesInput) (*classesOutput, error) {
	found, err := s.Classes.List(ctx, class.Query{Edition: in.Edition, Kind: in.Kind, Text: in.Text, Since: in.Since, All: in.All, Limit: in.Limit})
	out := &classesOutput{}
	out.Body.Version, out.Body.Classes = found.Version, append([]class.Class{}, found.Classes...)
	return out, err
}

type editionsOutput struct {
	Body struct {
		Editions []class.Edition `json:"editions" nullable:"false" doc:"The one in force first"`
	}
}

func (s *Server) editions(ctx context.Context, _ *struct{}) (*editionsOutput, error) {
	found, err := s.Classes.Editions(ctx)
	out := &editionsOutput{}
	out.Body.Editions = append([]class.Edition{}, found...)
	return out, err
}

type editionInput struct {
	Request
	Standard string `path:"standard" maxLength:"100"`
	Body     struct {
		Active bool   `json:"active" doc:"New cases may be of this list"`
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) putEdition(ctx context.Context, in *editionInput) (*struct{}, error) {
	return nil, s.Classes.PutEdition(ctx, scopeOf(ctx), in.Standard, in.Body.Active, in.Body.Reason, clientAddress(in.r))
}

// A ClassPath names a class in an address. A standard has a slash in it, which
// an address carries as %2F.
type ClassPath struct {
	Standard string `path:"standard" maxLength:"100" doc:"GB%2FT%2047678.5-2026: a slash is written %2F"`
	Kind     string `path:"kind" enum:"component,matter"`
	Code     string `path:"code" maxLength:"24"`
}

func (p ClassPath) key() class.Key {
	return class.Key{Standard: p.Standard, Kind: p.Kind, Code: p.Code}
}

type classOutput struct{ Body classDetail }

type classDetail struct {
	class.Class
	Aliases    []string       `json:"aliases" nullable:"false" doc:"Other names"`
	Conditions []class.Filing `json:"conditions" nullable:"false" doc:"Under which it is filed; those in use first"`
	Rules      []class.Rule   `json:"rules" nullable:"false" doc:"Whose matter it is; in force, the latest 100"`
	Crosswalk  []class.Link   `json:"crosswalk" nullable:"false" doc:"What it became, and what became it"`
	Note       string         `json:"note,omitempty" doc:"What to know of the list's source"`
}

func (s *Server) getClass(ctx context.Context, in *ClassPath) (*classOutput, error) {
	db, k := s.Store.DB(), in.key()
	c, err := s.Classes.Get(ctx, db, k)
	if err != nil {
		return nil, err
	}
	out := &classOutput{classDetail{Class: c, Aliases: []string{}, Conditions: []class.Filing{}, Rules: []class.Rule{}, Crosswalk: []class.Link{}}}
	aliases, err := s.Classes.Aliases(ctx, db, k)
	if err != nil {
		return nil, err
	}
	out.Body.Aliases = append(out.Body.Aliases, aliases...)
	links, err := s.Classes.Crosswalk(ctx, db, k, 100)
	if err != nil {
		return nil, err
	}
	out.Body.Crosswalk = append(out.Body.Crosswalk, links...)
	editions, err := s.Classes.Editions(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range editions {
		if e.Standard == k.Standard && e.SecondHand {
			out.Body.Note = e.NoteZH + " / " + e.NoteEN
		}
	}
	if k.Kind != class.Matter {
		return out, nil
	}
	conditions, err := s.Classes.Filings(ctx, db, k)
	if err != nil {
		return nil, err
	}
	out.Body.Conditions = append(out.Body.Conditions, conditions...)
	rules, err := s.Classes.Rules(ctx, class.RuleQuery{Standard: k.Standard, Code: k.Code, Limit: 100})
	out.Body.Rules = append(out.Body.Rules, rules...)
	return out, err
}

type putClassInput struct {
	Request
	ClassPath
	Body struct {
		class.Edit
		Version int64  `json:"version" doc:"Of the class that you looked at"`
		Reason  string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) putClass(ctx context.Context, in *putClassInput) (*classOutput, error) {
	if _, err := s.Classes.Put(ctx, scopeOf(ctx), in.key(), in.Body.Edit, in.Body.Version, in.Body.Reason, clientAddress(in.r)); err != nil {
		return nil, err
	}
	return s.getClass(ctx, &in.ClassPath)
}

type extendInput struct {
	Request
	Body struct {
		class.Extension
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) extendClasses(ctx context.Context, in *extendInput) (*classOutput, error) {
	c, err := s.Classes.Extend(ctx, scopeOf(ctx), in.Body.Extension, in.Body.Reason, clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	return s.getClass(ctx, &ClassPath{c.Standard, c.Kind, c.Code})
}

type putConditionInput struct {
	Request
	ClassPath
	Condition string `path:"condition" maxLength:"24"`
	Body      struct {
		Position int                        `json:"position,omitempty" minimum:"0" maximum:"999" doc:"The first in use is taken where nobody chooses"`
		TextZH   string                     `json:"text_zh" maxLength:"500"`
		TextEN   string                     `json:"text_en,omitempty" maxLength:"500"`
		CloseZH  string                     `json:"close_zh,omitempty" maxLength:"500" doc:"When it is done (结案标准)"`
		Limit    class.LimitBody            `json:"limit" doc:"How long handling may take"`
		Limits   map[string]class.LimitBody `json:"limits,omitempty" doc:"Where an area class A, B or C has its own"`
		Original string                     `json:"original,omitempty" maxLength:"200" doc:"The limit in the words of its source"`
		Active   bool                       `json:"active" doc:"New cases may be filed under it"`
		Reason   string                     `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) putCondition(ctx context.Context, in *putConditionInput) (*classOutput, error) {
	b := in.Body
	f := class.Filing{Code: in.Condition, Position: b.Position, TextZH: b.TextZH, TextEN: b.TextEN, CloseZH: b.CloseZH, Limit: b.Limit, Limits: b.Limits, Original: b.Original, Active: b.Active}
	if err := s.Classes.PutFiling(ctx, scopeOf(ctx), in.key(), f, b.Reason, clientAddress(in.r)); err != nil {
		return nil, err
	}
	return s.getClass(ctx, &in.ClassPath)
}

type rulesInput struct {
	Standard string `query:"standard" maxLength:"100"`
	Code     string `query:"code" maxLength:"24"`
	Grid     string `query:"grid" maxLength:"40"`
	Area     string `query:"area" maxLength:"20"`
	Dept     string `query:"dept" maxLength:"32"`
	Learnt   bool   `query:"learnt" doc:"Only what decisions of the command centre taught"`
	Ended    bool   `query:"ended" doc:"Also those that are no longer in force"`
	Before   int64  `query:"before" minimum:"0" doc:"What an earlier answer called next"`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type rulesOutput struct {
	Body struct {
		Rules []class.Rule `json:"rules" nullable:"false" doc:"The latest first"`
		Next  int64        `json:"next,omitempty" doc:"Send it as before for those before them; absent at the end"`
	}
}

func (s *Server) listRules(ctx context.Context, in *rulesInput) (*rulesOutput, error) {
	found, err := s.Classes.Rules(ctx, class.RuleQuery{Standard: in.Standard, Code: in.Code, Grid: in.Grid, Area: in.Area, Dept: in.Dept,
		Learnt: in.Learnt, Ended: in.Ended, Before: in.Before, Limit: in.Limit})
	out := &rulesOutput{}
	out.Body.Rules = append([]class.Rule{}, found...)
	if n := len(found); n == in.Limit {
		out.Body.Next = found[n-1].ID
	}
	return out, err
}

type addRuleInput struct {
	Request
	Body class.NewRule
}

type addRuleOutput struct {
	Body struct {
		ID int64 `json:"id" doc:"The rule's number"`
	}
}

func (s *Server) addRule(ctx context.Context, in *addRuleInput) (*addRuleOutput, error) {
	id, err := s.Classes.AddRule(ctx, scopeOf(ctx), in.Body, clientAddress(in.r))
	out := &addRuleOutput{}
	out.Body.ID = id
	return out, err
}

type endRuleInput struct {
	Request
	ID     int64  `path:"id" minimum:"1"`
	Reason string `query:"reason" maxLength:"500"`
}

func (s *Server) endRule(ctx context.Context, in *endRuleInput) (*struct{}, error) {
	return nil, s.Classes.EndRule(ctx, scopeOf(ctx), in.ID, in.Reason, clientAddress(in.r))
}

type responsibleInput struct {
	Standard string `query:"standard" required:"true" maxLength:"100"`
	Code     string `query:"code" required:"true" maxLength:"24"`
	Grid     string `query:"grid" maxLength:"40" doc:"The unit grid"`
	Area     string `query:"area" maxLength:"20" doc:"Its administrative code"`
	Asset    int64  `query:"asset" minimum:"0" doc:"Number of the component that it is about"`
}

type responsibleOutput struct {
	Body struct {
		Dept string `json:"dept" doc:"Empty: nobody is named"`
		By   string `json:"by" enum:"rule,learnt,asset,class," doc:"By an administrator's rule, a decision learnt, the component's register, the class's default"`
		Rule int64  `json:"rule,omitempty"`
	}
}

func (s *Server) responsible(ctx context.Context, in *responsibleInput) (*responsibleOutput, error) {
	a, err := s.Classes.Responsible(ctx, s.Store.DB(), class.Question{Standard: in.Standard, Code: in.Code, Grid: in.Grid, Area: in.Area, Asset: in.Asset})
	out := &responsibleOutput{}
	out.Body.Dept, out.Body.By, out.Body.Rule = a.Dept, a.By, a.Rule
	return out, err
}

type crosswalkInput struct {
	Standard  string `query:"standard" maxLength:"100" doc:"Of either side; left out: any"`
	Kind      string `query:"kind" enum:"component,matter"`
	Code      string `query:"code" maxLength:"24"`
	Component string `query:"component" maxLength:"20" doc:"A component's 16-digit code of 2013, to be turned into the 17 digits of 2026"`
	Limit     int    `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

type crosswalkOutput struct {
	Body struct {
		Links     []class.Link     `json:"links" nullable:"false"`
		Component *class.Converted `json:"component,omitempty" doc:"Where a component's code was asked for"`
		Note      string           `json:"note"`
	}
}

const secondHand = "转引:标准未与原文核对,批量转换前请核对 / Second-hand: the standards were not checked against the official texts; check before converting a register"

func (s *Server) crosswalk(ctx context.Context, in *crosswalkInput) (*crosswalkOutput, error) {
	out := &crosswalkOutput{}
	out.Body.Links, out.Body.Note = []class.Link{}, secondHand
	if in.Component != "" {
		c, err := s.Classes.ConvertComponent(ctx, s.Store.DB(), in.Component)
		if err != nil {
			return nil, err
		}
		out.Body.Component = &c
		return out, nil
	}
	found, err := s.Classes.Crosswalk(ctx, s.Store.DB(), class.Key{Standard: in.Standard, Kind: in.Kind, Code: in.Code}, in.Limit)
	out.Body.Links = append(out.Body.Links, found...)
	return out, err
}

type classHistoryInput struct {
	Standard string `query:"standard" maxLength:"100"`
	Kind     string `query:"kind" enum:"component,matter"`
	Code     string `query:"code" maxLength:"24"`
	What     string `query:"what" enum:"class,condition,rule,calendar,edition"`
	Before   int64  `query:"before" minimum:"0" doc:"What an earlier answer called next"`
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type classHistoryOutput struct {
	Body struct {
		Changes []class.Revision `json:"changes" nullable:"false" doc:"The latest first"`
		Next    int64            `json:"next,omitempty" doc:"Send it as before for those before them; absent at the end"`
	}
}

func (s *Server) classHistory(ctx context.Context, in *classHistoryInput) (*classHistoryOutput, error) {
	found, err := s.Classes.History(ctx, class.HistoryQuery{Standard: in.Standard, Kind: in.Kind, Code: in.Code, What: in.What, Before: in.Before, Limit: in.Limit})
	out := &classHistoryOutput{}
	out.Body.Changes = append([]class.Revision{}, found...)
	if n := len(found); n == in.Limit {
		out.Body.Next = found[n-1].ID
	}
	return out, err
}

type restoreInput struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

func (s *Server) restoreClass(ctx context.Context, in *restoreInput) (*struct{}, error) {
	return nil, s.Classes.Restore(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
}

// classEditors are those who change classes, rules and the calendar.
var classEditors = only(access.Administrator)

// standardsOf checks a list's name that is only text.
func standardsOf(text string) error {
	if len(text) > 100 || strings.ContainsRune(text, 0) {
		return &layers.InputError{Field: "query.edition", Value: fmt.Sprint(len(text)), Remedy: "at most 100 bytes"}
	}
	return nil
}
