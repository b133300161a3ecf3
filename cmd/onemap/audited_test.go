package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"onemap/layers/access"
	"onemap/layers/hazard"
	"onemap/layers/incident"
	"onemap/layers/quality"
	"onemap/layers/sharing"
)

// chosen are the second halves of actions that are named while the program
// runs, by their first half.
func chosen() map[string][]string {
	of := map[string][]string{
		"alert.":              {"alert", "update", "cancel"},
		"patrol.":             {"make", "edit", "accept", "refuse", "withdraw"},
		"grid_draft.":         {"split", "merge", "move", "remove", "shift", "replace", "draw", "add", "fix"},
		"quality.quarantine.": {"fix", "let_in", "discard"},
		"resource.":           {"create", "change"},
		"share.":              {"overdue", "long_overdue", "lapse"},
		"task.":               {"assign", "cancel"},
	}
	for _, t := range incident.Transitions {
		of["incident."] = append(of["incident."], t.Action)
	}
	for _, t := range hazard.Transitions {
		of["hazard."] = append(of["hazard."], t.Action)
	}
	for _, t := range quality.Transitions {
		of["correction."] = append(of["correction."], t.Action)
	}
	for _, t := range sharing.Transitions {
		of["share."] = append(of["share."], t.Action)
	}
	return of
}

// The audit reads like sentences, in both languages: whatever the program
// writes into it has words in layers/access/sentence.go.
func TestEveryActionOfTheAuditHasWords(t *testing.T) {
	seen := map[string]token.Position{}
	fset := token.NewFileSet()
	for _, room := range []string{"../../layers", "../../web", "."} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			if slices.Contains([]string{"ui", "testdata", "node_modules"}, d.Name()) {
				return fs.SkipDir
			}
			for action, at := range actionsIn(t, fset, path) {
				seen[action] = at
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) < 150 {
		t.Errorf("found %d actions: this test does not find where they are written any more", len(seen))
	}
	for action, at := range seen {
		if !access.HasWords(action) {
			t.Errorf("%s: %q has no words: give it some in layers/access/sentence.go", at, action)
		}
	}
}

// actionsIn returns the actions of the entries that a package's files make, and
// where.
func actionsIn(t *testing.T, fset *token.FileSet, folder string) map[string]token.Position {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	p := pkg{chosen: chosen()}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		p.files = append(p.files, f)
	}
	out := map[string]token.Position{}
	for _, f := range p.files {
		for _, d := range f.Decls {
			in, _ := d.(*ast.FuncDecl)
			ast.Inspect(d, func(n ast.Node) bool {
				c, ok := n.(*ast.CompositeLit)
				if !ok || !isEntry(f, c.Type) {
					return true
				}
				for _, e := range c.Elts {
					kv, ok := e.(*ast.KeyValueExpr)
					if !ok {
						t.Errorf("%s: name the fields of an entry", fset.Position(e.Pos()))
						continue
					}
					if k, ok := kv.Key.(*ast.Ident); !ok || k.Name != "Action" {
						continue
					}
					all := p.values(kv.Value, in, 4)
					if len(all) == 0 {
						t.Errorf("%s: which actions this writes cannot be read from the source: say so in chosen", fset.Position(kv.Pos()))
					}
					for _, a := range all {
						out[a] = fset.Position(kv.Pos())
					}
				}
				return true
			})
		}
	}
	return out
}

// isEntry says whether a composite literal is an access.Entry.
func isEntry(f *ast.File, of ast.Expr) bool {
	switch x := of.(type) {
	case *ast.SelectorExpr:
		p, ok := x.X.(*ast.Ident)
		return ok && p.Name == "access" && x.Sel.Name == "Entry"
	case *ast.Ident:
		return f.Name.Name == "access" && x.Name == "Entry"
	}
	return false
}

type pkg struct {
	files  []*ast.File
	chosen map[string][]string
}

// values are the texts that an expression may have in a function: as a literal,
// a joined text, a variable that is set there, or a parameter that callers of
// the package give. It looks at most so many calls up.
func (p pkg) values(e ast.Expr, in *ast.FuncDecl, up int) []string {
	switch x := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(x.Value)
		if err != nil {
			return nil
		}
		return []string{text}
	case *ast.BinaryExpr:
		var out []string
		for _, first := range p.values(x.X, in, up) {
			second := p.values(x.Y, in, up)
			for _, s := range append(second, p.chosen[first]...) {
				out = append(out, first+s)
			}
		}
		return out
	case *ast.Ident:
		if in == nil || up == 0 {
			return nil
		}
		out := append(p.set(x.Name, in, up), p.constant(x.Name)...)
		if n := placeOf(in.Type.Params, x.Name); n >= 0 {
			out = append(out, p.given(in.Name.Name, n, up-1)...)
		}
		return out
	}
	return nil
}

// constant is the value of a constant of the package.
func (p pkg) constant(name string) (out []string) {
	for _, f := range p.files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, id := range v.Names {
					if id.Name == name && i < len(v.Values) {
						out = append(out, p.values(v.Values[i], nil, 1)...)
					}
				}
			}
		}
	}
	return out
}

// set are the values that a variable is set to in a function.
func (p pkg) set(name string, in *ast.FuncDecl, up int) (out []string) {
	ast.Inspect(in, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
			for i, l := range a.Lhs {
				if v, ok := l.(*ast.Ident); ok && v.Name == name {
					out = append(out, p.values(a.Rhs[i], in, up-1)...)
				}
			}
		}
		return true
	})
	return out
}

// given are the values that callers in the package give a function's nth
// parameter.
func (p pkg) given(function string, n, up int) (out []string) {
	for _, f := range p.files {
		for _, d := range f.Decls {
			in, _ := d.(*ast.FuncDecl)
			ast.Inspect(d, func(node ast.Node) bool {
				if c, ok := node.(*ast.CallExpr); ok && len(c.Args) > n && called(c.Fun) == function {
					out = append(out, p.values(c.Args[n], in, up)...)
				}
				return true
			})
		}
	}
	return out
}

func called(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

// placeOf is the place of a parameter, -1 where there is none of that name.
func placeOf(params *ast.FieldList, name string) int {
	n := 0
	for _, field := range params.List {
		for _, id := range field.Names {
			if id.Name == name {
				return n
			}
			n++
		}
	}
	return -1
}
