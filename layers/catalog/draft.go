package catalog

import (
	"slices"
	"time"
)

// A Draft is a resource as somebody wants it. All fields count; what it leaves
// empty is said to be empty, but for a resource that is bound to a layer: what
// the layer says of itself may be left out, or must be as the layer has it.
type Draft struct {
	Code  string `json:"code,omitempty" maxLength:"40" doc:"Of a new one, left out: the class's next number"`
	Class string `json:"class,omitempty" maxLength:"20" doc:"Of a new one without a code; left out: the provider's own 项"`

	NameZH     string `json:"name_zh,omitempty" maxLength:"200" doc:"Left out, of one with a layer: the layer's title"`
	NameEN     string `json:"name_en,omitempty" maxLength:"200"`
	Abstract   string `json:"abstract,omitempty" maxLength:"4000"`
	Format     string `json:"format,omitempty" enum:"document,spreadsheet,database,image,stream,self_describing" doc:"Left out: database"`
	FormatType string `json:"format_type,omitempty" maxLength:"100"`

	Provider    string     `json:"provider,omitempty" maxLength:"32" doc:"An organisation's code"`
	Share       string     `json:"share,omitempty" enum:"unconditional,conditional,none"`
	ShareBasis  string     `json:"share_basis,omitempty" maxLength:"1000" doc:"The condition of conditional; the law behind none, which needs one"`
	ShareHow    string     `json:"share_how,omitempty" maxLength:"200"`
	Open        bool       `json:"open,omitempty" doc:"Only what is shared unconditionally may be open"`
	OpenBasis   string     `json:"open_basis,omitempty" maxLength:"1000"`
	UpdateCycle string     `json:"update_cycle,omitempty" enum:"real_time,daily,weekly,monthly,quarterly,yearly,irregular"`
	UpdatedAt   *time.Time `json:"updated_at,omitempty"`
	Address     string     `json:"address,omitempty" maxLength:"2000" doc:"http or https"`

	PublishedOn string   `json:"published_on,omitempty" format:"date" doc:"Left out: as it is; a new one stays a draft. What is published cannot become a draft again: withdraw it"`
	KnownTo     string   `json:"known_to,omitempty" enum:"public,staff,line" doc:"Left out: staff"`
	Grading     string   `json:"grading,omitempty" enum:"core,important,general" doc:"Left out: general"`
	AreaCode    string   `json:"area_code,omitempty" maxLength:"20"`
	PeriodFrom  string   `json:"period_from,omitempty" format:"date"`
	PeriodTo    string   `json:"period_to,omitempty" format:"date"`
	Related     []string `json:"related,omitempty" maxItems:"100"`

	Items []ItemDraft `json:"items,omitempty" maxItems:"500" doc:"Of one with a layer: what is to be said of its fields beyond the registry"`
}

// An ItemDraft is an item as somebody wants it.
type ItemDraft struct {
	Key         string `json:"key,omitempty" maxLength:"200" doc:"Of one with a layer: the field"`
	NameZH      string `json:"name_zh,omitempty" maxLength:"200"`
	NameEN      string `json:"name_en,omitempty" maxLength:"200"`
	Type        string `json:"type,omitempty" enum:"text,integer,number,boolean,date,time,binary" doc:"Left out: text"`
	Length      int    `json:"length,omitempty" minimum:"0" maximum:"1000000000"`
	Sensitivity string `json:"sensitivity,omitempty" enum:"public,internal,sensitive" doc:"Left out: internal"`
	Description string `json:"description,omitempty" maxLength:"1000"`
}

// DraftOf is the draft that would change nothing of a resource.
func DraftOf(r Resource) Draft {
	d := Draft{Code: r.Code, Class: r.Class, NameZH: r.NameZH, NameEN: r.NameEN, Abstract: r.Abstract, Format: r.Format, FormatType: r.FormatType,
		Provider: r.Provider, Share: r.Share, ShareBasis: r.ShareBasis, ShareHow: r.ShareHow, Open: r.Open, OpenBasis: r.OpenBasis,
		UpdateCycle: r.UpdateCycle, UpdatedAt: r.UpdatedAt, Address: r.Address, PublishedOn: r.PublishedOn, KnownTo: r.KnownTo, Grading: r.Grading,
		AreaCode: r.AreaCode, PeriodFrom: r.PeriodFrom, PeriodTo: r.PeriodTo, Related: slices.Clone(r.Related), Items: make([]ItemDraft, len(r.Items))}
	for i, it := range r.Items {
		d.Items[i] = ItemDraft{Key: it.Key, NameZH: it.NameZH, NameEN: it.NameEN, Type: it.Type, Length: it.Length, Sensitivity: it.Sensitivity, Description: it.Description}
	}
	return d
}

// equal says whether two drafts of one resource say the same.
func (d Draft) equal(o Draft) bool {
	at := func(t *time.Time) int64 {
		if t == nil {
			return 0
		}
		return t.UnixMicro()
	}
	return d.Code == o.Code && d.NameZH == o.NameZH && d.NameEN == o.NameEN && d.Abstract == o.Abstract && d.Format == o.Format &&
		d.FormatType == o.FormatType && d.Provider == o.Provider && d.Share == o.Share && d.ShareBasis == o.ShareBasis && d.ShareHow == o.ShareHow &&
		d.Open == o.Open && d.OpenBasis == o.OpenBasis && d.UpdateCycle == o.UpdateCycle && at(d.UpdatedAt) == at(o.UpdatedAt) && d.Address == o.Address &&
		d.PublishedOn == o.PublishedOn && d.KnownTo == o.KnownTo && d.Grading == o.Grading && d.AreaCode == o.AreaCode &&
		d.PeriodFrom == o.PeriodFrom && d.PeriodTo == o.PeriodTo && slices.Equal(d.Related, o.Related) && slices.Equal(d.Items, o.Items)
}
