package hazard

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// A Proposal is how whoever finds a hazard would have it rectified, in the five
// parts of a plan (五落实), each of which may be left out. It stands in the
// hazard until the assessment, which decides.
type Proposal struct {
	Measure     string
	Responsible string   // the post at the enterprise
	MoneyYuan   *float64 // nil: not said
	Term        time.Time
	Contingency string
}

// Empty says whether nothing is proposed.
func (p *Proposal) Empty() bool {
	return p == nil || strings.TrimSpace(p.Measure+p.Responsible+p.Contingency) == "" && p.MoneyYuan == nil && p.Term.IsZero()
}

// Check says what is wrong with p, naming fields below field.
//
// A phone may have been without signal for days: a term that was to come when
// it was put down, by its clock, and is past now, is for the assessor to see.
func (p *Proposal) Check(field string, put, now time.Time) error {
	if p == nil {
		return nil
	}
	for _, t := range []struct {
		name, text string
		most       int
	}{{"measure", p.Measure, 4000}, {"responsible", p.Responsible, 100}, {"contingency", p.Contingency, 4000}} {
		if err := layers.CheckText(field+"."+t.name, t.text, t.most); err != nil {
			return err
		}
	}
	if !isMoney(p.MoneyYuan) {
		return &layers.InputError{Field: field + ".money_yuan", Remedy: "0 to 100,000,000,000 yuan"}
	}
	if p.Term.IsZero() {
		return nil
	}
	if put.IsZero() || put.After(now) {
		put = now
	}
	if !p.Term.After(put) || p.Term.Sub(now) > longestTerm {
		return &layers.InputError{Field: field + ".term", Value: p.Term.Format(time.RFC3339), Remedy: "a time to come, within two years"}
	}
	return nil
}

func isMoney(yuan *float64) bool { return yuan == nil || *yuan >= 0 && *yuan <= 1e11 }

// said is p as the flow keeps it, for good: without the post, which is erased
// some time after the closing.
func (p *Proposal) said() map[string]any {
	said := map[string]any{}
	for name, text := range map[string]string{"measure": p.Measure, "contingency": p.Contingency} {
		if text = strings.TrimSpace(text); text != "" {
			said[name] = text
		}
	}
	if p.MoneyYuan != nil {
		said["money_yuan"] = *p.MoneyYuan
	}
	if !p.Term.IsZero() {
		said["term"] = p.Term.UTC()
	}
	return said
}

// propose writes p into a hazard that is not assessed yet: what was sent takes
// the place of what was proposed before.
func propose(ctx context.Context, tx pgx.Tx, id int64, p *Proposal) error {
	if err := plan(ctx, tx, id, Action{Measure: p.Measure, Responsible: p.Responsible, MoneyYuan: p.MoneyYuan, Contingency: p.Contingency}, false); err != nil {
		return fmt.Errorf("plan proposed: %w", err)
	}
	if p.Term.IsZero() {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE map.hazard SET term_at = $2, version = version + 1, updated_at = now() WHERE id = $1 AND term_at IS DISTINCT FROM $2`, id, p.Term)
	return err
}

// UTC is p with its time as it is hashed: the same instant is the same content.
func (p *Proposal) UTC() *Proposal {
	if p == nil {
		return nil
	}
	q := *p
	q.Term = q.Term.UTC()
	return &q
}
