package task

import (
	"encoding/json"
	"time"
)

// A Pack is what a phone keeps for working without signal.
type Pack struct {
	ServerTime time.Time   `json:"server_time" doc:"So that the phone can tell that its clock is wrong"`
	Person     PackPerson  `json:"person"`
	Bounds     []float64   `json:"bounds" nullable:"false" doc:"Of the caller's grids: west, south, east, north in degrees; empty without grids"`
	Grids      []PackGrid  `json:"grids" nullable:"false" doc:"The caller's own, and the unit grids inside them"`
	Tiles      PackTiles   `json:"tiles"`
	Tasks      PackCounts  `json:"tasks"`
	Assets     int         `json:"assets" doc:"In the caller's grids: GET /api/v1/phone/assets has them"`
	Classes    PackClasses `json:"classes"`
	Checklists []Checklist `json:"checklists" nullable:"false"`
	Settings   PackSetting `json:"settings"`
}

// A PackPerson is who the phone belongs to.
type PackPerson struct {
	Login string   `json:"login"`
	Name  string   `json:"name"`
	Org   string   `json:"org"`
	OrgZH string   `json:"org_zh"`
	OrgEN string   `json:"org_en"`
	Roles []string `json:"roles" nullable:"false"`
}

// A PackGrid is one grid with its outline.
type PackGrid struct {
	Code    string          `json:"code"`
	Kind    string          `json:"kind" enum:"unit,duty,community"`
	Name    string          `json:"name"`
	Area    string          `json:"area_code"`
	Own     bool            `json:"own" doc:"Named in the caller's account; else inside one that is"`
	Version string          `json:"valid_from" format:"date" doc:"In force since"`
	Outline json.RawMessage `json:"outline" doc:"A GeoJSON MultiPolygon, EPSG:4326, to a metre"`
}

// PackTiles are the tiles to keep: as many zooms as fit the setting phone.keep.
type PackTiles struct {
	Layers    []string `json:"layers" nullable:"false" doc:"Of the base map, in the order of the page's tile addresses"`
	MinZoom   int      `json:"minzoom"`
	MaxZoom   int      `json:"maxzoom" doc:"The deepest zoom that is kept"`
	Addresses []string `json:"addresses" nullable:"false" doc:"Paths on this server, from the smallest zoom on"`
}

// PackCounts are counts of the caller's open tasks.
type PackCounts struct {
	Open    int            `json:"open"`
	Overdue int            `json:"overdue"`
	Kinds   map[string]int `json:"kinds" doc:"Open, by kind"`
}

// PackClasses says whether a kept class list is still true.
type PackClasses struct {
	Version string `json:"version" doc:"Changes when any class, condition or limit does: fetch /api/v1/classes anew"`
	Count   int    `json:"count"`
}

// A PackSetting is what the phone must know to help before it sends.
type PackSetting struct {
	TimeZone         string  `json:"time_zone"`
	DuplicateMetres  float64 `json:"duplicate_metres"`
	DuplicateHours   float64 `json:"duplicate_hours"`
	PhotoBytes       int     `json:"photo_bytes" doc:"The most that one may have"`
	PhotoPixels      int     `json:"photo_pixels" doc:"Width times height, at most"`
	PhotoEdge        int     `json:"photo_edge" doc:"Larger ones are shrunk to this many pixels: shrink them before sending"`
	PhotosPerReport  int     `json:"photos_per_report"`
	ClockSkewSeconds int     `json:"clock_skew_s" doc:"How far ahead a phone's clock may be"`
	PositionDays     int     `json:"position_days" doc:"How long positions are kept, which the worker is told"`
	FarKilometres    float64 `json:"far_km" doc:"A report further than this from the city is refused"`
	PatrolNearMetres float64 `json:"patrol_near_m"`
	PhotoWaits       int     `json:"photo_waits_s" doc:"How long an uploaded photo waits for its report"`
}

// PackAssets are a page of the assets in the caller's grids, compact: a row has the
// values of the fields, in their order.
type PackAssets struct {
	Fields []string `json:"fields" nullable:"false" doc:"id, lon, lat, code, class_standard, class_code, name, dept_code, state, grid_code"`
	Rows   [][]any  `json:"rows" nullable:"false" doc:"By id"`
	Next   int64    `json:"next,omitempty" doc:"Send it as after for the rest; absent at the end"`
}

// An Asset as a report about it needs it.
type Asset struct {
	ID       int64   `json:"id"`
	Code     string  `json:"code"`
	Name     string  `json:"name"`
	Standard string  `json:"class_standard"`
	Class    string  `json:"class_code"`
	ClassZH  string  `json:"class_zh"`
	ClassEN  string  `json:"class_en"`
	Matter   string  `json:"matter_code,omitempty" doc:"The class of matters that is about such components, to report with"`
	MatterZH string  `json:"matter_zh,omitempty"`
	MatterEN string  `json:"matter_en,omitempty"`
	Dept     string  `json:"dept_code" doc:"Whose it is"`
	DeptZH   string  `json:"dept_zh"`
	DeptEN   string  `json:"dept_en"`
	State    string  `json:"state"`
	Lon      float64 `json:"lon"`
	Lat      float64 `json:"lat"`
	Grid     string  `json:"grid_code"`
}
