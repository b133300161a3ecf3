package intake

import (
	"context"
	"strings"

	"github.com/paulmach/orb"

	"onemap/layers/datafile"
)

// stageChunk is how many rows are handed to a worker at a time.
const stageChunk = 2000

// rowSource hands out [Rows] as chunks.
type rowSource struct {
	columns []string
	rows    Rows
	ctx     context.Context //nolint:containedctx // of one Stage, which it does not outlive
}

// A kept row is a datafile.Row that lasts.
type kept struct {
	line     int
	values   []string
	geometry orb.Geometry
}

func (s *rowSource) chunks(cols *columns, yield func(chunk) error) error {
	at := make([]int, len(cols.names))
	for i, name := range cols.names {
		at[i] = -1
		for j, c := range s.columns {
			if c == name {
				at[i] = j
			}
		}
	}
	var rows []kept
	var values []string
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		held := rows
		rows, values = nil, nil
		return yield(chunk{line: held[0].line, records: func(_ chunk, use func(*record)) {
			rec := record{values: make([]string, len(at))}
			for i := range held {
				r := &held[i]
				rec.line, rec.geom, rec.fault = r.line, r.geometry, nil
				for j, k := range at {
					rec.values[j] = ""
					if k >= 0 {
						rec.values[j] = r.values[k]
					}
				}
				rec.raw = rawOf(r.values)
				use(&rec)
			}
		}})
	}
	err := s.rows(s.ctx, func(r *datafile.Row) error {
		if rows == nil {
			rows = make([]kept, 0, stageChunk)
			values = make([]string, 0, stageChunk*len(s.columns))
		}
		from := len(values)
		values = append(values, r.Values...)
		for len(values) < from+len(s.columns) {
			values = append(values, "")
		}
		rows = append(rows, kept{r.Line, values[from : from+len(s.columns) : from+len(s.columns)], r.Geometry})
		if len(rows) == stageChunk {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// rawOf is a row as people see it in a list of rejects.
func rawOf(values []string) string {
	const most = 400
	n := 0
	for i, v := range values {
		if n += len(v) + 1; n > most {
			return shorten(strings.Join(values[:i+1], "\t"), most)
		}
	}
	return strings.Join(values, "\t")
}
