package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"

	"onemap/layers"
	"onemap/layers/match"
)

// matchCommand matches registers of legal persons and places.
type matchCommand struct {
	Plans     matchPlansCmd     `cmd:"" help:"List plans, or show one as the JSON that put takes."`
	Put       matchPutCmd       `cmd:"" help:"Make or change a plan from a JSON file."`
	Run       matchRunCmd       `cmd:"" help:"Compare the two registers of a plan now."`
	Links     matchLinksCmd     `cmd:"" help:"Write the links that hold as CSV: keys of the registers, who linked them, score, since when."`
	Review    matchReviewCmd    `cmd:"" help:"Show pairs that wait for a person, with the reasons in words."`
	Decide    matchDecideCmd    `cmd:"" help:"Say that two rows are the same, or not."`
	Conflicts matchConflictsCmd `cmd:"" help:"Where linked rows contradict each other, and which register is authoritative."`
}

func (matchCommand) Help() string {
	return `Which rows of two departments' registers are the same legal person or place. Rows are named by their source keys, so links and
decisions outlive a re-import. People are never matched: a register with columns or values of persons is refused.

Example:
  onemap match put shops.json
  onemap match run shops
  onemap match review shops
  onemap match decide shops f17 m4711 same --note "现场核实"
  onemap match links shops > links.csv`
}

// matching opens the store of matching without jobs: what is asked for is done
// by whoever asks.
func (d Database) matching(ctx context.Context, log *slog.Logger) (*match.Store, func(), error) {
	db, done, err := d.open(ctx, log)
	if err != nil {
		return nil, nil, err
	}
	return &match.Store{Layers: layers.NewStore(db)}, done, nil
}

type matchPlansCmd struct {
	Database
	Plan string `arg:"" optional:"" help:"One plan, whole."`
}

func (matchPlansCmd) Help() string {
	return `Example:
  onemap match plans
  onemap match plans licences`
}

func (c matchPlansCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	s, done, err := c.matching(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	if c.Plan != "" {
		p, err := s.Get(ctx, operator(), c.Plan)
		if err != nil {
			return err
		}
		e := json.NewEncoder(t.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(p.Plan)
	}
	all, err := s.List(ctx, operator())
	if err != nil {
		return err
	}
	return t.answer(all, func(w io.Writer) {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "PLAN\tLEFT\tRIGHT\tSHAPE\tLINKED\tREVIEW\tCONFLICTS\tLAST RUN")
		for _, p := range all {
			last := "-"
			if p.Last != nil && p.Last.FinishedAt != nil {
				last = p.Last.FinishedAt.Local().Format("2006-01-02 15:04")
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", p.Name, p.LeftLayer, p.RightLayer, p.Shape, p.Linked, p.Review, p.Conflicts, last)
		}
		tw.Flush()
	})
}

type matchPutCmd struct {
	Database
	File string `arg:"" help:"As onemap match plans NAME shows one; - is the standard input." type:"existingfile"`
}

func (matchPutCmd) Help() string {
	return `Example:
  onemap match put licences.json`
}

func (c matchPutCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	in := os.Stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	p := match.Plan{Follow: true}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return fmt.Errorf("%w: %s: %w", errUsage, c.File, err)
	}
	s, done, err := c.matching(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	if err := s.Put(ctx, operator(), p, ""); err != nil {
		return err
	}
	fmt.Fprintf(t.err, "plan %s is kept\n", p.Name)
	return nil
}

// A matchPlanArg names a plan.
type matchPlanArg struct {
	Plan string `arg:"" help:"The plan's name."`
}

type matchRunCmd struct {
	Database
	matchPlanArg
}

func (matchRunCmd) Help() string {
	return `Example:
  onemap match run licences`
}

func (c matchRunCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	s, done, err := c.matching(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	id, err := s.Ask(ctx, operator(), c.Plan, "")
	if err != nil {
		return err
	}
	if err := s.Run(ctx, id); err != nil {
		return err
	}
	runs, err := s.Runs(ctx, operator(), c.Plan, 1)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return fmt.Errorf("run %d is gone: the plan was dropped meanwhile", id)
	}
	if runs[0].Failure != "" {
		return fmt.Errorf("plan %s: %s", c.Plan, runs[0].Failure)
	}
	n := runs[0].Counts
	return t.answer(runs[0], func(w io.Writer) {
		fmt.Fprintf(w, "%d and %d rows, %d pairs compared in %.1f s\n", n.LeftRows, n.RightRows, n.Compared, float64(n.Millis)/1000)
		fmt.Fprintf(w, "linked %d, by people %d, to review %d, conflicts %d, links ended %d\n", n.Linked, n.ByPeople, n.Review, n.Conflicts, n.Ended)
		if n.LeftNoKey+n.RightNoKey > 0 {
			fmt.Fprintf(w, "left out: %d and %d rows without a source key\n", n.LeftNoKey, n.RightNoKey)
		}
		if n.Dropped > 0 {
			fmt.Fprintf(w, "left out: %d values that are codes with a wrong check digit, or citizens' numbers\n", n.Dropped)
		}
	})
}

type matchLinksCmd struct {
	Database
	matchPlanArg
}

func (matchLinksCmd) Help() string {
	return `Example:
  onemap match links licences > links.csv`
}

func (c matchLinksCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	s, done, err := c.matching(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	w := csv.NewWriter(t.out)
	_ = w.Write([]string{"left_key", "right_key", "how", "score", "since", "changed"}) // told by Error below
	for offset := 0; ; offset += 500 {
		part, err := s.Pairs(ctx, operator(), c.Plan, match.PairQuery{State: match.Linked, Offset: offset, Limit: 500})
		if err != nil {
			return err
		}
		for _, p := range part {
			_ = w.Write([]string{layers.Unformula(p.Left.Key), layers.Unformula(p.Right.Key), p.How, fmt.Sprintf("%.4f", p.Score), p.Since.Format("2006-01-02T15:04:05Z07:00"), fmt.Sprint(p.Changed)})
		}
		if len(part) < 500 {
			break
		}
	}
	w.Flush()
	return w.Error()
}

type matchReviewCmd struct {
	Database
	matchPlanArg
	Limit   int  `help:"At most so many pairs." default:"20"`
	Chinese bool `help:"Reasons in Chinese." short:"z"`
}

func (matchReviewCmd) Help() string {
	return `Example:
  onemap match review licences`
}

func (c matchReviewCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	s, done, err := c.matching(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	all, err := s.Pairs(ctx, operator(), c.Plan, match.PairQuery{State: match.ToReview, Limit: c.Limit})
	if err != nil {
		return err
	}
	return t.answer(all, func(w io.Writer) {
		for _, p := range all {
			fmt.Fprintf(w, "%.2f  %s %v %s\n      %s %v %s\n", p.Score, p.Left.Key, p.Left.Names, p.Left.Address, p.Right.Key, p.Right.Names, p.Right.Address)
			for _, r := range p.Reasons {
				fmt.Fprintf(w, "      · %s\n", r.Words(c.Chinese))
			}
		}
	})
}

type matchDecideCmd struct {
	Database
	matchPlanArg
	Left    string `arg:"" help:"Key of the left row."`
	Right   string `arg:"" help:"Key of the right row."`
	Verdict string `arg:"" help:"${enum}; open takes the decision before back." enum:"same,different,open"`
	Note    string `help:"Why."`
}

func (matchDecideCmd) Help() string {
	return `Example:
  onemap match decide licences L-1024 I-77 same --note "the same shop, seen on the spot"`
}

func (c matchDecideCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	s, done, err := c.matching(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	return s.Decide(ctx, operator(), c.Plan, match.Decision{LeftKey: c.Left, RightKey: c.Right, Verdict: c.Verdict, Note: c.Note}, "")
}

type matchConflictsCmd struct {
	Database
	matchPlanArg
	Item  string `help:"Of one item."`
	Limit int    `help:"At most so many." default:"100"`
}

func (matchConflictsCmd) Help() string {
	return `Example:
  onemap match conflicts licences`
}

func (c matchConflictsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	s, done, err := c.matching(ctx, log)
	if err != nil {
		return err
	}
	defer done()
	all, err := s.Conflicts(ctx, operator(), c.Plan, c.Item, 0, c.Limit)
	if err != nil {
		return err
	}
	return t.answer(all, func(w io.Writer) {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "ITEM\tLEFT\tRIGHT\tAUTHORITY\tTO MEND")
		for _, a := range all {
			authority := a.Item.Authority
			if authority == "" {
				authority = "not settled"
			}
			fmt.Fprintf(tw, "%s\t%s %s\t%s %s\t%s\t%s\n", a.Item.Name, a.LeftKey, a.Left, a.RightKey, a.Right, authority, a.Mend)
		}
		tw.Flush()
	})
}
