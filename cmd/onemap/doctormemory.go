package main

import (
	"context"
	"fmt"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers"
	"onemap/layers/setup"
)

// memoryFindings tells which layers of the database at url would be kept in
// memory by a server on this machine, and of the others why not. It says
// nothing of a database that is not there, or has another schema: that is said
// elsewhere.
func memoryFindings(ctx context.Context, url string, m LayerMemory) []setup.Finding {
	if have, want, err := layers.SchemaVersion(ctx, url); err != nil || have != want {
		return nil
	}
	db, err := layers.Open(ctx, url)
	if err != nil {
		return nil
	}
	defer db.Close()
	o := m.options()
	fits, err := tilefeed.Fits(ctx, layers.NewStore(db), o)
	if err != nil {
		return []setup.Finding{{What: "memory for layers", Level: setup.Warning, Found: err.Error(), Remedy: "the role must be able to read the registry and the catalogue"}}
	}
	held, bytes := 0, int64(0)
	var out []setup.Finding
	for _, f := range fits {
		if f.Reason == "" {
			held, bytes = held+1, bytes+f.Bytes
			continue
		}
		out = append(out, setup.Finding{What: "layer " + f.Layer, Level: setup.Warning, Found: "its tiles come from PostGIS: " + f.Why, Remedy: remedy(f)})
	}
	all := setup.Finding{What: "memory for layers", Level: setup.Good,
		Found: fmt.Sprintf("%s; %d of %d layers fit and would take about %s", tilefeed.Bytes(o.Budget), held, len(fits), tilefeed.Bytes(bytes))}
	return append([]setup.Finding{all}, out...)
}

// remedy is what would bring a layer into memory.
func remedy(f tilefeed.Fit) string {
	switch f.Reason {
	case tilefeed.TooLarge:
		return fmt.Sprintf("give one layer more than %s: --memory-layer, or --memory, half of which one layer may take", tilefeed.Bytes(f.Bytes))
	case tilefeed.NoRoom:
		return fmt.Sprintf("the layers most asked for are kept; %s more would hold this one too: --memory", tilefeed.Bytes(f.Bytes))
	default:
		return "once that is otherwise, as the table's owner, it is kept; until then its tiles are right, and slower"
	}
}
