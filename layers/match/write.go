package match

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers/match/linkage"
)

// decidedOf is what people said of the pairs of a plan: the latest of each.
func decidedOf(ctx context.Context, tx pgx.Tx, plan string) (map[linkage.Key]bool, error) {
	rows, err := tx.Query(ctx, `SELECT left_key, right_key, verdict = 'same' FROM onemap.match_decided WHERE plan = $1 AND verdict <> 'open'`, plan)
	if err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	decided := map[linkage.Key]bool{}
	var key linkage.Key
	var same bool
	_, err = pgx.ForEachRow(rows, []any{&key.Left, &key.Right, &same}, func() error {
		decided[key] = same
		return nil
	})
	return decided, err
}

// writePairs replaces the pairs of a plan by what a run found. Since when a
// verdict stands is kept where it is the same. It returns how many machine
// links of before are none now.
func writePairs(ctx context.Context, tx pgx.Tx, run int64, plan string, pairs []linkage.Pair, left, right register) (ended int, err error) {
	if _, err := tx.Exec(ctx, `CREATE TEMP TABLE match_found (left_key text, right_key text, verdict text, score real, reasons jsonb, rank smallint, digest bytea) ON COMMIT DROP`); err != nil {
		return 0, err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"match_found"}, []string{"left_key", "right_key", "verdict", "score", "reasons", "rank", "digest"},
		pgx.CopyFromSlice(len(pairs), func(i int) ([]any, error) {
			p := pairs[i]
			reasons, err := json.Marshal(p.Reasons)
			return []any{p.Left, p.Right, string(p.Verdict), float32(p.Score), reasons, int16(p.Rank), digestOf(left.digests[p.Left], right.digests[p.Right])}, err
		}))
	if err != nil {
		return 0, fmt.Errorf("copy pairs: %w", err)
	}
	if _, err := tx.Exec(ctx, `ANALYZE match_found`); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `WITH gone AS (
			DELETE FROM onemap.match_pair p WHERE plan = $1 AND NOT EXISTS (SELECT FROM match_found f WHERE f.left_key = p.left_key AND f.right_key = p.right_key)
			RETURNING verdict)
		SELECT count(*) FILTER (WHERE verdict = 'link') FROM gone`, plan).Scan(&ended)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO onemap.match_pair AS p (plan, left_key, right_key, verdict, score, reasons, rank, digest, run)
		SELECT $1, left_key, right_key, verdict, score, reasons, rank, digest, $2 FROM match_found
		ON CONFLICT (plan, left_key, right_key) DO UPDATE SET verdict = excluded.verdict, score = excluded.score, reasons = excluded.reasons, rank = excluded.rank,
			digest = excluded.digest, run = excluded.run, since = CASE WHEN p.verdict = excluded.verdict THEN p.since ELSE now() END`, plan, run)
	return ended, err
}

// writeConflicts does the same for conflicts.
func writeConflicts(ctx context.Context, tx pgx.Tx, run int64, plan string, conflicts []found) error {
	if _, err := tx.Exec(ctx, `CREATE TEMP TABLE match_apart (item text, left_key text, right_key text) ON COMMIT DROP`); err != nil {
		return err
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"match_apart"}, []string{"item", "left_key", "right_key"}, pgx.CopyFromSlice(len(conflicts), func(i int) ([]any, error) {
		c := conflicts[i]
		return []any{c.item, c.Left, c.Right}, nil
	}))
	if err != nil {
		return fmt.Errorf("copy conflicts: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM onemap.match_conflict c WHERE plan = $1 AND NOT EXISTS (
		SELECT FROM match_apart a WHERE a.item = c.item AND a.left_key = c.left_key AND a.right_key = c.right_key)`, plan); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO onemap.match_conflict (plan, item, left_key, right_key, run)
		SELECT $1, item, left_key, right_key, $2 FROM match_apart
		ON CONFLICT (plan, item, left_key, right_key) DO UPDATE SET run = excluded.run`, plan, run)
	return err
}
