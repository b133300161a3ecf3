package catalog

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// An Entry is a resource in a file.
type Entry struct {
	Line     int // where it begins, from 1
	Draft    Draft
	Provider []string          // how the file names the provider: USCC, code, name; the first that is known counts
	Classes  map[string]string // names of its classes by code, for those that the catalogue lacks
	Err      error             // why it cannot be read: an [layers.InputError]
}

// An Import is a file of resources.
type Import struct {
	File    string // its name
	SHA256  [32]byte
	Entries []Entry
	Apply   bool // false: only say what it would do
	Note    Note
}

// An ImportReport says what an import did, or would do.
type ImportReport struct {
	Applied   bool           `json:"applied"`
	Resources int            `json:"resources" doc:"In the file"`
	Items     int            `json:"items"`
	New       int            `json:"new"`
	Changed   int            `json:"changed"`
	Same      int            `json:"same"`
	Refused   int            `json:"refused" doc:"Left as they are, for the reasons below"`
	Faults    []ImportFault  `json:"faults" nullable:"false" doc:"The first 1000"`
	Changes   []ImportChange `json:"changes" nullable:"false" doc:"The first 1000 that are new or changed"`
	Classes   []string       `json:"classes" nullable:"false" doc:"Codes of classes that it adds"`
}

// An ImportFault is why a resource of a file is refused.
type ImportFault struct {
	Line   int    `json:"line"`
	Name   string `json:"name"`
	Field  string `json:"field"`
	Value  string `json:"value,omitempty"`
	Remedy string `json:"remedy"`
}

// An ImportChange is a resource that an import makes or changes.
type ImportChange struct {
	Line int    `json:"line"`
	Code string `json:"code,omitempty" doc:"Absent: it is given when the file is applied"`
	Name string `json:"name"`
	What string `json:"what" enum:"new,changed"`
}

// maxTold is how many faults and changes a report names.
const maxTold = 1000

// MaxResources is the most resources of one file.
const MaxResources = 50_000

// Import takes a file of resources in: as one change, or to say what it would
// do. A resource is the one of its code, or without a code the one of its name
// and provider. What is wrong with one resource keeps only that one out.
func (s *Store) Import(ctx context.Context, by access.Scope, in Import) (ImportReport, error) {
	if err := by.Require(access.DepartmentOfficer, access.Administrator); err != nil {
		return ImportReport{}, err
	}
	if len(in.Entries) > MaxResources {
		return ImportReport{}, &layers.InputError{Field: "file", Value: fmt.Sprint(len(in.Entries)), Remedy: fmt.Sprintf("at most %d resources", MaxResources)}
	}
	if err := layers.CheckText("reason", in.Note.Reason, 500); err != nil {
		return ImportReport{}, err
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return ImportReport{}, err
	}
	rep := ImportReport{Resources: len(in.Entries), Faults: []ImportFault{}, Changes: []ImportChange{}, Classes: []string{}}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		changes, lines, err := s.planAll(ctx, tx, v, in, &rep)
		if err != nil {
			return err
		}
		if !in.Apply {
			tell(&rep, changes, lines)
			return errOnlyLooking
		}
		if err := s.apply(ctx, tx, v, changes); err != nil {
			return err
		}
		rep.Applied = true
		tell(&rep, changes, lines)
		if len(changes) == 0 {
			return nil
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "catalogue.import", Object: "catalogue", Result: access.Done, Reason: in.Note.Reason, Address: in.Note.Address,
			Detail: map[string]any{"file": layers.Short(in.File), "sha256": hex.EncodeToString(in.SHA256[:]), "new": rep.New, "changed": rep.Changed, "same": rep.Same, "refused": rep.Refused}})
	})
	if err != nil && !errors.Is(err, errOnlyLooking) {
		return ImportReport{}, asInput(err)
	}
	return rep, nil
}

// errOnlyLooking rolls an import back that was to say what it would do.
var errOnlyLooking = errors.New("only looking")

// tell writes what was changed into the report.
func tell(rep *ImportReport, changes []*change, lines []int) {
	for i, c := range changes {
		if len(rep.Changes) < maxTold {
			rep.Changes = append(rep.Changes, ImportChange{Line: lines[i], Code: c.draft.Code, Name: c.draft.NameZH, What: c.what})
		}
	}
}

// planAll says what each entry would do, and counts it. Missing classes are
// made where the file names them.
func (s *Store) planAll(ctx context.Context, tx pgx.Tx, v *viewer, in Import, rep *ImportReport) (changes []*change, lines []int, err error) {
	known, err := loadRefs(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	codes := make([]string, 0, len(in.Entries))
	for _, e := range in.Entries {
		if e.Draft.Code != "" {
			codes = append(codes, strings.TrimSpace(e.Draft.Code))
		}
	}
	byCode, byName, err := present(ctx, tx, codes, len(codes) < len(in.Entries), in.Apply)
	if err != nil {
		return nil, nil, err
	}
	refuse := func(e Entry, err error) error {
		var bad *layers.InputError
		switch {
		case errors.As(err, &bad):
		case errors.Is(err, access.ErrForbidden):
			bad = &layers.InputError{Field: "provider", Value: strings.Join(e.Provider, " "), Remedy: "an organisation whose resources you keep"}
		case errors.Is(err, layers.ErrConflict):
			bad = &layers.InputError{Field: "code", Value: layers.Short(e.Draft.Code), Remedy: err.Error()}
		default:
			return err
		}
		rep.Refused++
		if len(rep.Faults) < maxTold {
			rep.Faults = append(rep.Faults, ImportFault{e.Line, layers.Short(e.Draft.NameZH), bad.Field, bad.Value, bad.Remedy})
		}
		return nil
	}
	seen := map[string]int{}
	for _, e := range in.Entries {
		rep.Items += len(e.Draft.Items)
		c, err := s.planOne(ctx, tx, v, known, e, byCode, byName, rep)
		if err == nil {
			key := c.draft.Code
			if key == "" {
				key = c.draft.Provider + "/" + c.draft.NameZH
			}
			if line, again := seen[key]; again {
				err = &layers.InputError{Field: "code", Value: layers.Short(key), Remedy: fmt.Sprintf("each resource once: it is in line %d too", line)}
			} else {
				seen[key] = e.Line
			}
		}
		if err != nil {
			if err := refuse(e, err); err != nil {
				return nil, nil, err
			}
			continue
		}
		switch c.what {
		case New:
			rep.New++
		case Changed:
			rep.Changed++
		default:
			rep.Same++
			continue
		}
		changes, lines = append(changes, c), append(lines, e.Line)
	}
	return changes, lines, nil
}

func (s *Store) planOne(ctx context.Context, tx pgx.Tx, v *viewer, known *refs, e Entry, byCode map[string]*Resource, byName map[string]*Resource, rep *ImportReport) (*change, error) {
	if e.Err != nil {
		return nil, e.Err
	}
	d := e.Draft.tidy()
	if d.Provider == "" && strings.Join(e.Provider, "") != "" {
		if d.Provider = known.organisation(e.Provider...); d.Provider == "" {
			return nil, &layers.InputError{Field: "provider", Value: layers.Short(strings.Join(e.Provider, " ")), Remedy: "an organisation of this onemap, by its 统一社会信用代码, code or name"}
		}
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	now := byCode[d.Code]
	if d.Code == "" {
		if now = byName[d.Provider+"/"+d.NameZH]; now != nil {
			d.Code, d.Class = now.Code, now.Class
		}
	}
	if now != nil && !v.knows(now.head()) {
		return nil, access.ErrForbidden
	}
	if !mayEdit(v.by, d.Provider) && (now == nil || !mayEdit(v.by, now.Provider)) {
		return nil, access.ErrForbidden
	}
	for n := 1; n <= len(d.Class); n++ {
		name := strings.TrimSpace(e.Classes[d.Class[:n]])
		if _, have := known.classes[d.Class[:n]]; have || name == "" {
			continue
		}
		if err := layers.CheckText("class", name, 100); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.resource_class (code, name_zh) VALUES (@code, @name) ON CONFLICT DO NOTHING`, pgx.NamedArgs{"code": d.Class[:n], "name": name}); err != nil {
			return nil, fmt.Errorf("add class: %w", err)
		}
		known.classes[d.Class[:n]] = name
		rep.Classes = append(rep.Classes, d.Class[:n])
	}
	return judge(v, known, d, now)
}

// present are the resources of some codes, and where names are asked for all
// others too, by provider and name; with their rows locked if they are to be changed.
func present(ctx context.Context, tx pgx.Tx, codes []string, names, lock bool) (byCode, byName map[string]*Resource, err error) {
	cond := `r.code = ANY (@codes)`
	if names {
		cond = `true`
	}
	if lock {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.resource r WHERE `+cond+` ORDER BY id FOR UPDATE`, pgx.NamedArgs{"codes": codes}); err != nil {
			return nil, nil, fmt.Errorf("lock resources: %w", err)
		}
	}
	found, err := read(ctx, tx, cond, pgx.NamedArgs{"codes": codes})
	if err != nil {
		return nil, nil, err
	}
	byCode, byName = make(map[string]*Resource, len(found)), map[string]*Resource{}
	for i := range found {
		byCode[found[i].Code] = &found[i]
		if names {
			byName[found[i].Provider+"/"+found[i].NameZH] = &found[i]
		}
	}
	return byCode, byName, nil
}
