package catalog

import (
	"iter"
	"strings"
)

// SheetHead are the columns of the customary table, in a language: zh or en.
func SheetHead(lang string) []string {
	head := make([]string, columns)
	for c, t := range titles {
		head[c] = t.zh
		if lang == "en" {
			head[c] = t.en
		}
	}
	return head
}

// SheetRows are the rows of a resource in the customary table: one an item, the
// first with all there is to say of the resource, the others with its code and
// name. classes are names by code.
func SheetRows(r Resource, classes map[string]string) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		head := make([]any, columns)
		for i, n := range []int{1, 3, 6, len(r.Class)} {
			if len(r.Class) >= n && (i < 3 || n > 6) {
				head[int(colClass1)+i] = classes[r.Class[:n]]
			}
		}
		head[colName], head[colCode], head[colProvider], head[colUSCC], head[colAbstract] = r.NameZH, r.Code, r.ProviderZH, r.ProviderUSCC, r.Abstract
		if r.ProviderUSCC == "" {
			head[colUSCC] = r.Provider
		}
		head[colFormat], head[colFormatType] = say(formatWords, r.Format), r.FormatType
		head[colShare], head[colBasis], head[colHow] = say(shareWords, r.Share), r.ShareBasis, r.ShareHow
		head[colOpen], head[colOpenBasis] = "否", r.OpenBasis
		if r.Open {
			head[colOpen] = "是"
		}
		head[colCycle], head[colPublished], head[colRelated] = say(cycleWords, r.UpdateCycle), r.PublishedOn, strings.Join(r.Related, ";")
		head[colGrading], head[colKnown], head[colArea] = say(gradingWords, r.Grading), say(knownWords, r.KnownTo), r.AreaCode
		head[colFrom], head[colTo], head[colNameEN], head[colAddress], head[colLayer] = r.PeriodFrom, r.PeriodTo, r.NameEN, r.Address, r.Layer
		if r.UpdatedAt != nil {
			head[colUpdated] = *r.UpdatedAt
		}
		for i := 0; i == 0 || i < len(r.Items); i++ {
			row := head
			if i > 0 {
				row = make([]any, columns)
				row[colName], row[colCode] = r.NameZH, r.Code
			}
			if i < len(r.Items) {
				it := r.Items[i]
				row[colItem], row[colItemEN], row[colItemNote] = it.NameZH, it.NameEN, it.Description
				row[colType], row[colSensitivity] = say(typeWords, it.Type), say(sensitivityWords, it.Sensitivity)
				if it.Length > 0 {
					row[colLength] = it.Length
				}
			}
			if !yield(row) {
				return
			}
		}
	}
}
