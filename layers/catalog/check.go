package catalog

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"onemap/layers"
)

var (
	formats       = []string{"document", "spreadsheet", "database", "image", "stream", "self_describing"}
	shares        = []string{layers.Unconditional, layers.Conditional, layers.NotShared}
	cycles        = []string{"real_time", "daily", "weekly", "monthly", "quarterly", "yearly", "irregular"}
	knowns        = []string{KnownToPublic, KnownToStaff, KnownToLine}
	gradings      = []string{"core", "important", "general"}
	types         = []string{"text", "integer", "number", "boolean", "date", "time", "binary"}
	sensitivities = []string{layers.Public, layers.Internal, layers.Sensitive}

	classPattern = regexp.MustCompile(`^[0-9]([0-9]{2}([0-9]{3}([0-9A-Za-z]{1,14})?)?)?$`)
	codePattern  = regexp.MustCompile(`^[0-9]([0-9]{2}([0-9]{3}([0-9A-Za-z]{1,14})?)?)?/[0-9A-Za-z]{1,12}$`)
)

// maxItems is the most items of one resource.
const maxItems = 500

// tidy fills in what is left out and means something, and takes blanks away
// around texts.
func (d Draft) tidy() Draft {
	trim := func(ts ...*string) {
		for _, t := range ts {
			*t = strings.TrimSpace(*t)
		}
	}
	trim(&d.Code, &d.Class, &d.NameZH, &d.NameEN, &d.Abstract, &d.Format, &d.FormatType, &d.Provider, &d.Share, &d.ShareBasis, &d.ShareHow, &d.OpenBasis,
		&d.UpdateCycle, &d.Address, &d.PublishedOn, &d.KnownTo, &d.Grading, &d.AreaCode, &d.PeriodFrom, &d.PeriodTo)
	or := func(t *string, instead string) {
		if *t == "" {
			*t = instead
		}
	}
	or(&d.Format, "database")
	or(&d.KnownTo, KnownToStaff)
	or(&d.Grading, "general")
	if class, _, ok := strings.Cut(d.Code, "/"); ok {
		d.Class = class
	}
	d.Related = append([]string{}, d.Related...)
	d.Items = slices.Clone(d.Items)
	for i := range d.Items {
		it := &d.Items[i]
		trim(&it.Key, &it.NameZH, &it.NameEN, &it.Type, &it.Sensitivity, &it.Description)
	}
	return d
}

// check finds the first thing wrong with a tidy draft on its own.
func (d Draft) check() error {
	one := func(field, value string, of []string) error {
		if !slices.Contains(of, value) {
			return &layers.InputError{Field: field, Value: layers.Short(value), Remedy: "one of " + strings.Join(of, ", ")}
		}
		return nil
	}
	if d.Code != "" && !codePattern.MatchString(d.Code) {
		return &layers.InputError{Field: "code", Value: layers.Short(d.Code), Remedy: "a class of 1, 3, 6 or more digits, a slash, and a number of at most 12 letters and digits"}
	}
	if d.Class != "" && !classPattern.MatchString(d.Class) {
		return &layers.InputError{Field: "class", Value: layers.Short(d.Class), Remedy: "1 digit (类), 2 more (项), 3 more (目), any more (细目)"}
	}
	for _, t := range []struct {
		field, text string
		most        int
	}{{"name_zh", d.NameZH, 200}, {"name_en", d.NameEN, 200}, {"abstract", d.Abstract, 4000}, {"format_type", d.FormatType, 100},
		{"share_basis", d.ShareBasis, 1000}, {"share_how", d.ShareHow, 200}, {"open_basis", d.OpenBasis, 1000}, {"address", d.Address, 2000},
		{"provider", d.Provider, 32}, {"area_code", d.AreaCode, 20}} {
		if err := layers.CheckText(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		field, value string
		of           []string
	}{{"format", d.Format, formats}, {"known_to", d.KnownTo, knowns}, {"grading", d.Grading, gradings}} {
		if err := one(c.field, c.value, c.of); err != nil {
			return err
		}
	}
	for _, t := range []struct{ field, date string }{{"published_on", d.PublishedOn}, {"period_from", d.PeriodFrom}, {"period_to", d.PeriodTo}} {
		if t.date == "" {
			continue
		}
		if at, err := time.Parse(time.DateOnly, t.date); err != nil || at.Year() < 1000 {
			return &layers.InputError{Field: t.field, Value: layers.Short(t.date), Remedy: "a date: 2026-11-23"}
		}
	}
	if d.PeriodFrom != "" && d.PeriodTo != "" && d.PeriodTo < d.PeriodFrom {
		return &layers.InputError{Field: "period_to", Value: d.PeriodTo, Remedy: "not before period_from"}
	}
	if len(d.Related) > 100 {
		return &layers.InputError{Field: "related", Remedy: "at most 100 codes"}
	}
	for _, c := range d.Related {
		if !codePattern.MatchString(c) {
			return &layers.InputError{Field: "related", Value: layers.Short(c), Remedy: "codes of resources"}
		}
	}
	return d.checkItemTexts()
}

// checkOwn finds the first thing wrong with what a resource without a layer
// says of itself.
func (d *Draft) checkOwn() error {
	switch {
	case d.NameZH == "":
		return &layers.InputError{Field: "name_zh", Remedy: "a name"}
	case d.Provider == "":
		return &layers.InputError{Field: "provider", Remedy: "the code of the organisation that provides it"}
	case !slices.Contains(shares, d.Share):
		return &layers.InputError{Field: "share", Value: layers.Short(d.Share), Remedy: "one of " + strings.Join(shares, ", ")}
	case d.Share == layers.NotShared && d.ShareBasis == "":
		return &layers.InputError{Field: "share_basis", Remedy: "the law, regulation or decision of the State Council by which it is not shared"}
	case d.Open && d.Share != layers.Unconditional:
		return &layers.InputError{Field: "open", Remedy: "only what is shared unconditionally may be open to the public"}
	case !slices.Contains(cycles, d.UpdateCycle):
		return &layers.InputError{Field: "update_cycle", Value: layers.Short(d.UpdateCycle), Remedy: "one of " + strings.Join(cycles, ", ")}
	}
	if d.Address != "" {
		if u, err := url.Parse(d.Address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
			return &layers.InputError{Field: "address", Value: layers.Short(d.Address), Remedy: "an address that begins with http:// or https://, without a password"}
		}
	}
	seen := map[string]bool{}
	for i := range d.Items {
		it := &d.Items[i]
		if it.Type == "" {
			it.Type = "text"
		}
		if it.Sensitivity == "" {
			it.Sensitivity = layers.Internal
		}
		it.Key = it.NameZH
		at := fmt.Sprintf("items[%d].", i)
		switch {
		case it.NameZH == "":
			return &layers.InputError{Field: at + "name_zh", Remedy: "a name"}
		case seen[it.NameZH]:
			return &layers.InputError{Field: at + "name_zh", Value: layers.Short(it.NameZH), Remedy: "a name that no other item of the resource has"}
		case !slices.Contains(types, it.Type):
			return &layers.InputError{Field: at + "type", Value: layers.Short(it.Type), Remedy: "one of " + strings.Join(types, ", ")}
		case !slices.Contains(sensitivities, it.Sensitivity):
			return &layers.InputError{Field: at + "sensitivity", Value: layers.Short(it.Sensitivity), Remedy: "one of " + strings.Join(sensitivities, ", ")}
		}
		seen[it.NameZH] = true
	}
	return nil
}

func (d Draft) checkItemTexts() error {
	if len(d.Items) > maxItems {
		return &layers.InputError{Field: "items", Value: fmt.Sprint(len(d.Items)), Remedy: fmt.Sprintf("at most %d", maxItems)}
	}
	for i, it := range d.Items {
		at := fmt.Sprintf("items[%d].", i)
		for _, t := range []struct {
			field, text string
			most        int
		}{{"key", it.Key, 200}, {"name_zh", it.NameZH, 200}, {"name_en", it.NameEN, 200}, {"description", it.Description, 1000}} {
			if err := layers.CheckText(at+t.field, t.text, t.most); err != nil {
				return err
			}
		}
		if it.Length < 0 || it.Length > 1_000_000_000 {
			return &layers.InputError{Field: at + "length", Value: fmt.Sprint(it.Length), Remedy: "1 to 1000000000 characters"}
		}
	}
	return nil
}

// asLayer takes from a bound resource what its layer says, and finds the first
// thing that the draft says otherwise.
func (d *Draft) asLayer(now Resource, l layers.Layer) error {
	take := func(field string, mine *string, its string) error {
		if *mine == "" {
			*mine = its
		}
		if *mine != its {
			return &layers.InputError{Field: field, Value: layers.Short(*mine), Remedy: fmt.Sprintf("%q: the layer %s says so, and is changed there", its, l.Name)}
		}
		return nil
	}
	for _, t := range []struct {
		field string
		mine  *string
		its   string
	}{{"provider", &d.Provider, now.Provider}, {"share", &d.Share, now.Share}, {"share_basis", &d.ShareBasis, now.ShareBasis},
		{"update_cycle", &d.UpdateCycle, now.UpdateCycle}, {"address", &d.Address, ""}} {
		if err := take(t.field, t.mine, t.its); err != nil {
			return err
		}
	}
	d.Open, d.UpdatedAt = now.Open, now.UpdatedAt
	if d.NameZH == "" {
		d.NameZH = l.TitleZH
	}
	if d.NameEN == "" {
		d.NameEN = l.TitleEN
	}
	said := d.Items
	d.Items = DraftOf(now).Items
	for i, it := range said {
		at := slices.IndexFunc(d.Items, func(have ItemDraft) bool { return it.Key == have.Key || it.Key == "" && it.NameZH == have.NameZH })
		if at < 0 {
			return &layers.InputError{Field: fmt.Sprintf("items[%d]", i), Value: layers.Short(it.Key + it.NameZH), Remedy: "a field of the layer " + l.Name}
		}
		have := &d.Items[at]
		if it.Type != "" && it.Type != have.Type {
			return &layers.InputError{Field: fmt.Sprintf("items[%d].type", i), Value: it.Type, Remedy: have.Type + ": the layer's field is"}
		}
		if it.Sensitivity != "" && it.Sensitivity != have.Sensitivity {
			return &layers.InputError{Field: fmt.Sprintf("items[%d].sensitivity", i), Value: it.Sensitivity, Remedy: have.Sensitivity + ": the layer's field is"}
		}
		f, _ := l.Field(have.Key)
		have.NameZH, have.NameEN, have.Length, have.Description = it.NameZH, it.NameEN, it.Length, it.Description
		if have.NameZH == "" {
			have.NameZH = f.TitleZH
		}
		if have.NameEN == "" {
			have.NameEN = f.TitleEN
		}
	}
	return nil
}
