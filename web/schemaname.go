package web

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaNames names the types in the API's description by their own names. Of
// two types of one name in different packages the second gets its package's
// before it (a step of a case is Step, one of another package PackageStep):
// huma alone would not start.
func schemaNames() func(reflect.Type, string) string {
	taken := map[string]reflect.Type{}
	return func(t reflect.Type, hint string) string {
		name := huma.DefaultSchemaNamer(t, hint)
		of := t
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Array {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct {
			return name
		}
		have, ok := taken[name]
		if of.Name() == "" { // huma names it after the field that has it
			if !ok {
				taken[name] = of
			}
			return name
		}
		if !ok {
			taken[name] = of
		}
		if !ok || have == of {
			return name
		}
		pkg := path.Base(of.PkgPath())
		return strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
}
