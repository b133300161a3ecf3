package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/edit"
	"onemap/layers/locate"
)

// How a correction was made.
const (
	ByEdit    = "edit"      // the row was written here, in the same transaction
	ByImport  = "import"    // an import brought the right row
	Elsewhere = "elsewhere" // in the provider's own system; the next import brings it
)

// An Action is what somebody does to a correction.
type Action struct {
	UUID    uuid.UUID // made by the client; sent again, it is done once
	Name    string    // an action of [Transitions]
	Version int64     // of the correction that the caller looked at
	Opinion string
	// Of correct:
	How     string        // [ByEdit], [ByImport], [Elsewhere]
	Value   *string       // by edit, what the field becomes; nil: what was proposed
	Place   *locate.Place // by edit, where it lies; nil: what was proposed
	Batch   int64         // by import
	Address string
}

// Act does it and returns the correction as it is then. A correction by edit
// writes the row in the same transaction, with the right and the checks of
// layers/edit.
//
// It returns an error wrapping [layers.ErrNotFound] for a correction that the
// caller may not see, [access.ErrForbidden] for what others may do,
// [layers.ErrConflict] where somebody acted since or the state does not have
// it, [edit.ErrChanged] where the row is no longer what the asker saw, and a
// [layers.InputError] for the rest.
func (s *Store) Act(ctx context.Context, by access.Scope, id int64, do Action) (Correction, error) {
	who, ok := by.Person()
	if !ok {
		return Correction{}, access.ErrUnauthenticated
	}
	if do.UUID == uuid.Nil {
		return Correction{}, &layers.InputError{Field: "uuid", Remedy: "a uuid that the client makes"}
	}
	if err := layers.CheckText("opinion", do.Opinion, 2000); err != nil {
		return Correction{}, err
	}
	c, err := s.Correction(ctx, by, id)
	if err != nil {
		return c, err
	}
	if slices.ContainsFunc(c.Steps, func(st Step) bool { return st.uuid == do.UUID && st.Login == who.Login && st.Action == do.Name }) {
		return c, nil
	}
	t, err := c.may(do)
	if err != nil {
		return c, err
	}
	take := func(ctx context.Context, tx pgx.Tx, detail map[string]any) error {
		return s.take(ctx, tx, by, who, c, t, do, detail)
	}
	if do.Name == "correct" && do.How == ByEdit {
		err = s.correctByEdit(ctx, by, c, do, take)
	} else {
		detail := map[string]any{}
		if do.Name == "correct" {
			if detail, err = howElse(do); err != nil {
				return c, err
			}
		}
		err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error { return take(ctx, tx, detail) })
	}
	if err != nil {
		if errors.Is(err, edit.ErrChanged) {
			return c, err
		}
		return c, access.Wrap(do.Name+" correction", err)
	}
	return s.Correction(ctx, by, id)
}

// may finds the transition that an action is.
func (c Correction) may(do Action) (Transition, error) {
	t, ok := transition(do.Name, c.State)
	if !ok {
		return t, fmt.Errorf("correction %d is %s: %w", c.ID, c.State, layers.ErrConflict)
	}
	if !slices.Contains(c.Actions, do.Name) {
		return t, fmt.Errorf("correction %d: %s is for others: %w", c.ID, do.Name, access.ErrForbidden)
	}
	if t.Opinion && strings.TrimSpace(do.Opinion) == "" {
		return t, &layers.InputError{Field: "opinion", Remedy: "say why"}
	}
	return t, nil
}

// howElse is the detail of a correction that was not made by an edit here.
func howElse(do Action) (map[string]any, error) {
	detail := map[string]any{"how": do.How}
	switch do.How {
	case Elsewhere:
		if strings.TrimSpace(do.Opinion) == "" {
			return nil, &layers.InputError{Field: "opinion", Remedy: "say where it was corrected, and when the layer will have it"}
		}
	case ByImport:
		if do.Batch <= 0 {
			return nil, &layers.InputError{Field: "batch", Remedy: "the number of the import that brought the right row"}
		}
		detail["batch"] = do.Batch
	default:
		return nil, &layers.InputError{Field: "how", Value: layers.Short(do.How), Remedy: "edit, import or elsewhere"}
	}
	return detail, nil
}

// take appends the step under the correction's lock, if nobody acted since.
func (s *Store) take(ctx context.Context, tx pgx.Tx, by access.Scope, who access.Person, c Correction, t Transition, do Action, detail map[string]any) error {
	if _, err := tx.Exec(ctx, `SELECT FROM onemap.correction WHERE id = $1 FOR UPDATE`, c.ID); err != nil {
		return err
	}
	var version int64
	var due *time.Time
	if err := tx.QueryRow(ctx, `SELECT version, due_at FROM onemap.correction_now WHERE id = $1`, c.ID).Scan(&version, &due); err != nil {
		return err
	}
	if version != do.Version || version != c.Version {
		return fmt.Errorf("somebody acted on correction %d since you looked: %w", c.ID, layers.ErrConflict)
	}
	if do.Name == "correct" && do.How == ByImport {
		var ok bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.batch WHERE id = $1 AND layer = $2)`, do.Batch, c.Layer).Scan(&ok); err != nil {
			return err
		}
		if !ok {
			return &layers.InputError{Field: "batch", Value: fmt.Sprint(do.Batch), Remedy: "an import of " + c.Layer}
		}
	}
	st := step{UUID: do.UUID, Login: who.Login, Org: who.Org, Action: do.Name, State: t.To, Opinion: strings.TrimSpace(do.Opinion), Detail: detail, clock: t.clock}
	if keepsClock(t.To) && !t.clock {
		st.due = due
	}
	if err := s.step(ctx, tx, c.ID, st); err != nil {
		return err
	}
	return access.RecordTx(ctx, tx, by, access.Entry{Action: "correction." + do.Name, Object: fmt.Sprintf("correction/%d", c.ID), Result: access.Done, Address: do.Address,
		Detail: map[string]any{"layer": c.Layer, "feature": c.Feature}})
}

// correctByEdit writes the row and the step as one.
func (s *Store) correctByEdit(ctx context.Context, by access.Scope, c Correction, do Action, take func(context.Context, pgx.Tx, map[string]any) error) error {
	l, right, err := s.visible(ctx, by, c.Layer)
	if err != nil {
		return err
	}
	if c.Feature == 0 {
		return &layers.InputError{Field: "how", Remedy: "import or elsewhere: there is no row to edit"}
	}
	var before string
	t := edit.Target{Layer: l, ID: c.Feature, Right: right, Match: func(version string) bool { before = version; return true },
		Also: func(ctx context.Context, tx pgx.Tx, r edit.Result) error {
			return take(ctx, tx, map[string]any{"how": ByEdit, "before": before, "after": r.Version})
		}}
	d := edit.Draft{Values: map[string]any{}}
	switch c.Kind {
	case WrongValue:
		if c.version != "" {
			t.Match = func(version string) bool { before = version; return do.Value != nil || version == c.version }
		}
		value := c.Proposed
		if do.Value != nil {
			value = *do.Value
		}
		f, ok := l.Field(c.Field)
		if !ok {
			return &layers.InputError{Field: "how", Remedy: "import or elsewhere: the layer no longer has the field"}
		}
		d.Values[c.Field] = nil
		if value != "" {
			if d.Values[c.Field], err = parseValue("value", f.Type, value); err != nil {
				return err
			}
		}
		_, err = s.Edit.Update(ctx, by, do.Address, t, d)
	case WrongPlace:
		if l.Geometry != "Point" {
			return &layers.InputError{Field: "how", Remedy: "import or elsewhere: lines and areas are corrected in a GIS program, by OGC API Features"}
		}
		d.Geometry, d.Declared = orb.Point{c.Place.Lon, c.Place.Lat}, crs.WGS84
		if do.Place != nil {
			at, err := locate.On(ctx, s.Layers.DB(), "place", *do.Place)
			if err != nil {
				return err
			}
			d.Geometry, d.Declared = at.At, at.CRS
			if at.Orig != nil {
				d.Orig = *at.Orig
			}
		}
		_, err = s.Edit.Update(ctx, by, do.Address, t, d)
	case Gone, Double:
		_, err = s.Edit.Delete(ctx, by, do.Address, t)
	default:
		return &layers.InputError{Field: "how", Remedy: "import or elsewhere: " + c.Kind + " does not say what to write"}
	}
	return err
}
