package match

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/match/linkage"
)

// Limits of a plan.
const (
	mostItems  = 50
	mostRoles  = 5 // names, and columns of an address
	defaultAt  = 0.95
	defaultAsk = 0.5
)

var validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// pairOf is a plan's layers with what the caller may see of them.
type pairOf struct {
	left, right           layers.Layer
	leftRight, rightRight access.Right
}

// layersOf reads a plan's layers by right. It returns an error wrapping
// [layers.ErrNotFound] where the caller does not see both.
func (s *Store) layersOf(ctx context.Context, by access.Scope, p Plan) (pairOf, error) {
	var of pairOf
	for _, side := range []struct {
		name  string
		layer *layers.Layer
		right *access.Right
	}{{p.LeftLayer, &of.left, &of.leftRight}, {p.RightLayer, &of.right, &of.rightRight}} {
		l, err := s.Layers.Layer(ctx, side.name)
		if err != nil {
			return of, err
		}
		right, visible := by.Layer(l)
		if !visible {
			return of, fmt.Errorf("layer %q: %w", side.name, layers.ErrNotFound)
		}
		*side.layer, *side.right = l, right
	}
	return of, nil
}

// Put makes a plan or changes it. Links and decisions of a changed plan stay;
// the next run judges by what it says now. It returns a [layers.InputError] for
// registers of persons and for columns that are not there or that the caller
// may not see, [access.ErrForbidden] for whoever may not work it.
func (s *Store) Put(ctx context.Context, by access.Scope, p Plan, address string) error {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return err
	}
	if p.LinkAt == 0 {
		p.LinkAt = defaultAt
	}
	if p.ReviewAt == 0 {
		p.ReviewAt = min(defaultAsk, p.LinkAt)
	}
	if p.Shape == "" {
		p.Shape = linkage.OneToOne
	}
	of, err := s.layersOf(ctx, by, p)
	if errors.Is(err, layers.ErrNotFound) {
		return &layers.InputError{Field: "layers", Value: layers.Short(p.LeftLayer + ", " + p.RightLayer), Remedy: "two layers that you see"}
	}
	if err != nil {
		return err
	}
	if err := p.check(of); err != nil {
		return err
	}
	person, _ := by.Person()
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		before, err := readPlan(ctx, tx, p.Name)
		switch {
		case errors.Is(err, layers.ErrNotFound):
			p.Owner = by.Org().Code
		case err != nil:
			return err
		default:
			p.Owner = before.Owner
			if before.LeftLayer != p.LeftLayer || before.RightLayer != p.RightLayer {
				return fmt.Errorf("plan %s is of other layers: make another: %w", p.Name, layers.ErrConflict)
			}
		}
		if !s.may(by, p, of.left, of.right) {
			return access.ErrForbidden
		}
		if err := writePlan(ctx, tx, p, person.Login); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "match.plan", Object: "match/" + p.Name, Result: access.Done, Address: address,
			Detail: map[string]any{"left": p.LeftLayer, "right": p.RightLayer, "shape": p.Shape, "link_at": p.LinkAt, "review_at": p.ReviewAt, "items": len(p.Items)}})
	})
	return access.Wrap("keep plan "+p.Name, err)
}

// check says what is wrong with a plan.
func (p Plan) check(of pairOf) error {
	bad := func(field, value, remedy string) error {
		return &layers.InputError{Field: field, Value: layers.Short(value), Remedy: remedy}
	}
	switch {
	case !validName.MatchString(p.Name):
		return bad("name", p.Name, "a letter, then letters, digits and _, in lower case")
	case p.TitleZH == "" || p.TitleEN == "":
		return bad("title_zh", "", "a title in both languages")
	case p.LeftLayer == p.RightLayer:
		return bad("right_layer", p.RightLayer, "another layer than the left one")
	case p.Shape != linkage.OneToOne && p.Shape != linkage.ManyToOne:
		return bad("shape", string(p.Shape), "one_to_one or many_to_one")
	case !(p.LinkAt >= 0.5 && p.LinkAt <= 1):
		return bad("link_at", fmt.Sprint(p.LinkAt), "0.5 to 1")
	case !(p.ReviewAt >= 0 && p.ReviewAt <= p.LinkAt):
		return bad("review_at", fmt.Sprint(p.ReviewAt), "0 to link_at")
	case len(p.Items) > mostItems:
		return bad("items", fmt.Sprint(len(p.Items)), fmt.Sprint("at most ", mostItems))
	}
	for _, t := range []string{p.TitleZH, p.TitleEN} {
		if err := layers.CheckText("title", t, 200); err != nil {
			return err
		}
	}
	if err := p.Left.check("left_roles", of.left, of.leftRight); err != nil {
		return err
	}
	if err := p.Right.check("right_roles", of.right, of.rightRight); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, item := range p.Items {
		field := fmt.Sprintf("items[%d]", i)
		if seen[item.Name] {
			return bad(field+".name", item.Name, "a name that no other item has")
		}
		seen[item.Name] = true
		if err := item.check(field, of); err != nil {
			return err
		}
	}
	return nil
}

func (r Roles) check(field string, l layers.Layer, right access.Right) error {
	if err := CheckRegister(field, l); err != nil {
		return err
	}
	if len(r.Names) == 0 || len(r.Names) > mostRoles || len(r.Address) > mostRoles || len(r.Numbers) > mostRoles {
		return &layers.InputError{Field: field, Remedy: fmt.Sprintf("one to %d names, at most as many of the others", mostRoles)}
	}
	for _, name := range r.fields() {
		if err := checkColumn(field, name, l, right); err != nil {
			return err
		}
	}
	return nil
}

// checkColumn refuses a column that is not there, that the caller does not
// see, and that is about a person.
func checkColumn(field, name string, l layers.Layer, right access.Right) error {
	f, ok := l.Field(name)
	if !ok || !slices.Contains(right.Fields, name) {
		return &layers.InputError{Field: field, Value: layers.Short(name), Remedy: "a field of " + l.Name + " that you see"}
	}
	if contactColumn(f) {
		return &layers.InputError{Field: field, Value: name, Remedy: "a column of the establishment itself: this one is about persons, and people are never matched"}
	}
	return nil
}

func (it Item) check(field string, of pairOf) error {
	bad := func(what, value, remedy string) error {
		return &layers.InputError{Field: field + "." + what, Value: layers.Short(value), Remedy: remedy}
	}
	switch {
	case !validName.MatchString(it.Name):
		return bad("name", it.Name, "a letter, then letters, digits and _, in lower case")
	case it.TitleZH == "" || it.TitleEN == "":
		return bad("title_zh", "", "a title in both languages")
	case !slices.Contains([]string{Exact, AsName, Address, Code, Number, Date, Place}, it.Compare):
		return bad("compare", it.Compare, "exact, name, address, code, number, date or place")
	case !(it.Tolerance >= 0):
		return bad("tolerance", fmt.Sprint(it.Tolerance), "0 or more")
	case it.Authority != "" && it.Authority != "left" && it.Authority != "right":
		return bad("authority", it.Authority, "left, right, or empty where it is not settled")
	case it.Authority != "" && it.Basis == "":
		return bad("basis", "", "the rule that makes it authoritative")
	}
	if err := layers.CheckText(field+".basis", it.Basis, 500); err != nil {
		return err
	}
	if it.Compare == Place {
		if it.LeftField != "geom" || it.RightField != "geom" {
			return bad("left_field", it.LeftField, "geom, for a place")
		}
		return nil
	}
	if err := checkColumn(field+".left_field", it.LeftField, of.left, of.leftRight); err != nil {
		return err
	}
	return checkColumn(field+".right_field", it.RightField, of.right, of.rightRight)
}
