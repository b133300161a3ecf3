package intake

import (
	"embed"
	"os"
	"slices"
	"strings"

	"onemap/layers"
)

//go:embed mappings/*.yaml
var mappings embed.FS

// Mappings returns the mappings that come with onemap, by name: one for each
// data set that it was tried on, and examples for one's own.
func Mappings() ([]Mapping, error) {
	files, err := mappings.ReadDir("mappings")
	if err != nil {
		return nil, err
	}
	var all []Mapping
	for _, f := range files {
		b, err := mappings.ReadFile("mappings/" + f.Name())
		if err != nil {
			return nil, err
		}
		m, err := ParseMapping(strings.TrimSuffix(f.Name(), ".yaml"), b)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Mapping) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// MappingText returns the text of a mapping that comes with onemap, for people
// to begin their own with.
func MappingText(name string) ([]byte, error) {
	b, err := mappings.ReadFile("mappings/" + name + ".yaml")
	if err != nil {
		return nil, &layers.InputError{Field: "mapping", Value: name, Remedy: "no such mapping comes with onemap: see onemap import mappings"}
	}
	return b, nil
}

// FindMapping returns the mapping of a file, or the one of that name that
// comes with onemap.
func FindMapping(nameOrPath string) (Mapping, error) {
	if strings.HasSuffix(nameOrPath, ".yaml") || strings.HasSuffix(nameOrPath, ".yml") || strings.ContainsRune(nameOrPath, os.PathSeparator) {
		b, err := os.ReadFile(nameOrPath)
		if err != nil {
			return Mapping{}, &layers.InputError{Field: "mapping", Value: nameOrPath, Remedy: "cannot be read: " + reason(err)}
		}
		return ParseMapping(strings.TrimSuffix(fileName(nameOrPath), ".yaml"), b)
	}
	b, err := MappingText(nameOrPath)
	if err != nil {
		return Mapping{}, err
	}
	return ParseMapping(nameOrPath, b)
}
