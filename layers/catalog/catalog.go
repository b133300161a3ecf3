package catalog

import (
	"sync"
	"time"

	"onemap/layers"
)

// A Resource is one entry of the catalogue as it is now.
type Resource struct {
	ID      int64  `json:"id"`
	Code    string `json:"code" doc:"信息资源代码: class, a slash, and a number in the class"`
	Class   string `json:"class" doc:"类 1 digit, 项 2 more, 目 3 more, 细目 any number more"`
	Version int    `json:"version" doc:"From 1"`

	NameZH     string `json:"name_zh"`
	NameEN     string `json:"name_en,omitempty"`
	Abstract   string `json:"abstract,omitempty"`
	Format     string `json:"format" enum:"document,spreadsheet,database,image,stream,self_describing"`
	FormatType string `json:"format_type,omitempty" doc:"Such as XLSX or PostGIS"`

	Provider     string `json:"provider" doc:"The organisation's code; empty: a layer that nobody owns yet"`
	ProviderZH   string `json:"provider_zh,omitempty"`
	ProviderEN   string `json:"provider_en,omitempty"`
	ProviderUSCC string `json:"provider_uscc,omitempty" doc:"统一社会信用代码"`

	Share       string `json:"share" enum:"unconditional,conditional,none" doc:"无条件共享, 有条件共享, 不予共享"`
	ShareBasis  string `json:"share_basis,omitempty" doc:"The condition, or the law behind none"`
	ShareHow    string `json:"share_how,omitempty" doc:"共享方式, where it is not this platform"`
	Open        bool   `json:"open" doc:"Open to the public"`
	OpenBasis   string `json:"open_basis,omitempty" doc:"开放条件"`
	UpdateCycle string `json:"update_cycle" enum:"real_time,daily,weekly,monthly,quarterly,yearly,irregular"`

	UpdatedAt   *time.Time `json:"updated_at,omitempty" doc:"When its content was last brought up to date; absent: not known"`
	PublishedOn string     `json:"published_on,omitempty" format:"date" doc:"发布日期; absent: a draft, which only its provider knows"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty" doc:"Absent: it is in force"`
	KnownTo     string     `json:"known_to" enum:"public,staff,line" doc:"Who may know that it exists: the public, everyone signed in, the provider's line only"`
	Grading     string     `json:"grading" enum:"core,important,general" doc:"核心, 重要, 一般: GB/T 43697-2024"`
	AreaCode    string     `json:"area_code,omitempty" doc:"The division that it covers; absent: the whole city"`
	PeriodFrom  string     `json:"period_from,omitempty" format:"date" doc:"The time that its content speaks of"`
	PeriodTo    string     `json:"period_to,omitempty" format:"date" doc:"Inclusive; absent: until now"`
	Related     []string   `json:"related" nullable:"false" doc:"关联资源代码"`

	Layer   string `json:"layer,omitempty" doc:"The layer that it is bound to"`
	Address string `json:"address,omitempty" doc:"Where it is served outside of onemap"`
	Mounted bool   `json:"mounted" doc:"已挂接: bound to a layer, with files, or with an address"`

	Items []ResourceItem `json:"items" nullable:"false" doc:"信息项, in their order"`
	Files []File         `json:"files" nullable:"false"`

	Sight string `json:"sight" enum:"all,part,none" doc:"How much of its content I may see; none: ask for it"`
	Mine  bool   `json:"mine" doc:"I may change it"`
}

// A ResourceItem is one 信息项: a column of a layer, or what a resource without one holds.
type ResourceItem struct {
	Key         string `json:"key" doc:"Names it within the resource: the layer's field, else its Chinese name"`
	NameZH      string `json:"name_zh" maxLength:"200"`
	NameEN      string `json:"name_en,omitempty" maxLength:"200"`
	Type        string `json:"type" enum:"text,integer,number,boolean,date,time,binary"`
	Length      int    `json:"length,omitempty" minimum:"0" maximum:"1000000000" doc:"Characters; absent: not said"`
	Sensitivity string `json:"sensitivity" enum:"public,internal,sensitive"`
	Description string `json:"description,omitempty" maxLength:"1000"`
	Visible     bool   `json:"visible" doc:"I may see its values"`
}

// How much of a resource's content a caller may see.
const (
	SeeAll  = "all"  // each row and each item
	SeePart = "part" // some rows or some items
	SeeNone = "none" // ask for it
)

// Who may know that a resource exists.
const (
	KnownToPublic = "public"
	KnownToStaff  = "staff"
	KnownToLine   = "line"
)

// Store keeps the catalogue. Its methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store

	once sync.Once
	turn chan struct{} // held by who brings the index up to date
	idx  *index        // guarded by turn
}

// turnstile lets one at a time bring the index up to date, and those behind
// give up waiting, which a mutex does not.
func (s *Store) turnstile() chan struct{} {
	s.once.Do(func() { s.turn = make(chan struct{}, 1) })
	return s.turn
}
