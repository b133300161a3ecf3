package feed

import "onemap/layers"

// Registry returns a reader that makes store read the registry of layers anew
// when it has changed. Give it to [New] before the readers that ask the store.
func Registry(store *layers.Store) Reader {
	return Reader{
		Reset: func(Cursor) { store.ForgetRegistry() },
		Apply: func(tx *Tx) {
			if tx.Touches("onemap.layer") || tx.Touches("onemap.layer_field") {
				store.ForgetRegistry()
			}
		},
	}
}

// Touches says whether tx changed a table, "map.asset".
func (tx *Tx) Touches(table string) bool {
	for _, t := range tx.Replaced {
		if t == table {
			return true
		}
	}
	for i := range tx.Changes {
		c := &tx.Changes[i]
		if len(table) == len(c.Schema)+1+len(c.Table) && table[:len(c.Schema)] == c.Schema &&
			table[len(c.Schema)] == '.' && table[len(c.Schema)+1:] == c.Table {
			return true
		}
	}
	return false
}
