package setup

import (
	"context"
	"fmt"
	"strings"

	"onemap/layers"
)

// qualityFinding tells whether the layers with rules were looked at in the last
// two nights (layers/quality). A database that is not there, or of another
// schema, is told of elsewhere.
func qualityFinding(ctx context.Context, url string) Finding {
	f := Finding{What: "quality", Level: Good}
	db, err := layers.Open(ctx, url)
	if err != nil {
		return Finding{"quality", Warning, err.Error(), ""}
	}
	defer db.Close()
	var ruled, rules int
	var late []string
	err = db.QueryRow(ctx, `
		WITH ruled AS (
			SELECT layer, count(*) AS n, min(made_at) AS since FROM onemap.quality_rule WHERE ended_at IS NULL GROUP BY layer
		)
		SELECT count(*), coalesce(sum(n), 0), coalesce(array_agg(layer ORDER BY layer) FILTER (WHERE since < now() - interval '2 days'
			AND NOT EXISTS (SELECT FROM onemap.quality_run o WHERE o.layer = ruled.layer AND o.batch IS NULL AND o.at > now() - interval '2 days')), '{}') FROM ruled`).
		Scan(&ruled, &rules, &late)
	switch {
	case err != nil:
		return Finding{"quality", Warning, "it cannot be looked at", "onemap migrate; the role must be able to read the schema onemap"}
	case ruled == 0:
		f.Found, f.Remedy = "no rules", "the owners of layers make them on the page of quality"
	case len(late) > 0:
		f.Level, f.Found = Warning, fmt.Sprintf("not looked at for two nights: %s", strings.Join(late, ", "))
		f.Remedy = "a running server looks at each layer at night: see its log for quality_night and quality_layer"
	default:
		f.Found = fmt.Sprintf("%d rules of %d layers, looked at each night", rules, ruled)
	}
	return f
}
