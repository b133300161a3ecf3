package access_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/access"
)

func record(t *testing.T, a *access.Audit, n int) {
	t.Helper()
	for i := range n {
		must(t, a.Record(t.Context(), operator, access.Entry{Action: "layer.export", Object: fmt.Sprintf("layer/%d", i), Result: access.Done, Reason: "月报",
			Address: "10.0.0.1", Detail: map[string]any{"rows": i, "名": 1.50}}))
	}
}

func sealAll(t *testing.T, a *access.Audit) {
	t.Helper()
	for {
		n, err := a.Seal(t.Context())
		must(t, err)
		if n == 0 {
			return
		}
	}
}

func TestAuditIsSealed(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	a := access.NewAudit(c.db)
	// Several nodes write and seal at once; one entry commits long after those that follow it.
	late, err := c.db.Begin(ctx)
	must(t, err)
	must(t, access.RecordTx(ctx, late, operator, access.Entry{Action: "batch.apply", Object: "batch/1", Result: access.Done}))
	var g sync.WaitGroup
	for range 4 {
		g.Go(func() {
			for i := range 30 {
				if err := access.NewAudit(c.db).Record(ctx, operator, access.Entry{Action: "key.create", Object: fmt.Sprint("key/", i), Result: access.Done}); err != nil {
					t.Error(err)
				}
				if _, err := access.NewAudit(c.db).Seal(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
	sealAll(t, a)
	must(t, late.Commit(ctx))
	before, err := a.Verify(ctx, operator, "")
	must(t, err)
	if !before.OK() || before.Waiting != 1 || before.Entries < 120 {
		t.Fatalf("%+v", before)
	}
	sealAll(t, a)
	record(t, a, 3)
	sealAll(t, a)
	r, err := a.Verify(ctx, operator, before.Head)
	must(t, err)
	if !r.OK() || r.Waiting != 0 || r.Seals < before.Seals+2 {
		t.Fatalf("%+v", r)
	}
	_, err = a.Verify(ctx, operator, "nonsense")
	wantInput(t, err, "head")
}

// Whoever has the database in hand can change the audit, and is found out.
func TestChangedAuditIsFound(t *testing.T) {
	for name, tt := range map[string]struct{ sql, want string }{
		"an entry changed":        {`UPDATE onemap.audit SET reason = 'another' WHERE id = (SELECT max(id) - 3 FROM onemap.audit)`, "was changed"},
		"a detail changed":        {`UPDATE onemap.audit SET detail = '{"rows": 0}' WHERE id = (SELECT max(id) FROM onemap.audit)`, "was changed"},
		"an entry deleted":        {`DELETE FROM onemap.audit WHERE id = (SELECT max(id) - 3 FROM onemap.audit)`, "missing"},
		"an entry moved in time":  {`UPDATE onemap.audit SET at = at - interval '1 s' WHERE id = (SELECT max(id) - 3 FROM onemap.audit)`, "was changed"},
		"an entry slipped in":     {`ALTER TABLE onemap.audit DISABLE TRIGGER audit_wait; INSERT INTO onemap.audit (login, org, action, object, result) VALUES ('x', '', 'x', '', 'done')`, "beside the chain"},
		"a waiting entry deleted": {`INSERT INTO onemap.audit (login, org, action, object, result) VALUES ('x', '', 'x', '', 'done'); DELETE FROM onemap.audit WHERE login = 'x'`, "are gone"},
		"the last seal deleted":   {`DELETE FROM onemap.audit_seal WHERE n = (SELECT max(n) FROM onemap.audit_seal)`, "kept elsewhere"},
		"a seal in between gone":  {`DELETE FROM onemap.audit_seal WHERE n = 1`, "is missing"},
		"a seal changed":          {`UPDATE onemap.audit_seal SET sealed_at = now() WHERE n = 1`, "seal 1 was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			a := access.NewAudit(c.db)
			for range 2 {
				record(t, a, 5)
				sealAll(t, a)
			}
			r, err := a.Verify(t.Context(), operator, "")
			must(t, err)
			if !r.OK() {
				t.Fatalf("before: %+v", r)
			}
			c.exec(t, `SET session_replication_role = replica; ALTER TABLE onemap.audit DISABLE TRIGGER append_only; ALTER TABLE onemap.audit_seal DISABLE TRIGGER append_only; SET session_replication_role = origin; `+tt.sql)
			r, err = a.Verify(t.Context(), operator, r.Head)
			must(t, err)
			if r.OK() || !strings.Contains(strings.Join(r.Faults, "\n"), tt.want) {
				t.Errorf("not found: %+v", r)
			}
		})
	}
}

// A month that is old enough goes as a whole, and the chain holds all the same;
// one that has an entry without a seal stays, and so does all of six months.
func TestOldMonthsGo(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	a := access.NewAudit(c.db)
	now := time.Now().UTC()
	month := func(ago int) time.Time {
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -ago, 0)
	}
	for _, ago := range []int{20, 13, 12, 7, 6} {
		c.exec(t, `SELECT onemap.audit_month($1)`, month(ago))
		c.exec(t, `INSERT INTO onemap.audit (at, login, org, action, object, result) SELECT $1::timestamptz + i * interval '1 day', 'li', '', 'key.create', 'key/x', 'done' FROM generate_series(0, 26) i`, month(ago))
	}
	sealAll(t, a)
	count := func() (n int) {
		t.Helper()
		must(t, c.db.QueryRow(ctx, `SELECT count(*) FROM onemap.audit WHERE login = 'li'`).Scan(&n))
		return n
	}
	c.exec(t, `INSERT INTO onemap.audit (at, login, org, action, object, result) VALUES ($1, 'waits', '', 'x', '', 'done')`, month(13))
	must(t, a.Keep(ctx, now))
	if n := count(); n != 4*27 {
		t.Errorf("%d entries left, want those of 13 months ago (one waits), 12, 7 and 6", n)
	}
	sealAll(t, a)
	c.exec(t, `UPDATE onemap.setting SET value = '1' WHERE key = 'audit.keep_months'`) // past the check: no less than six all the same
	must(t, a.Keep(ctx, now))
	if n := count(); n != 27 {
		t.Errorf("%d entries left, want those of 6 months ago", n)
	}
	sealAll(t, a)
	r, err := a.Verify(ctx, operator, "")
	must(t, err)
	if !r.OK() || r.Dropped != 4*27+1 {
		t.Errorf("%+v", r)
	}
	found, err := a.Search(ctx, operator, access.AuditQuery{Action: "audit.drop"})
	must(t, err)
	if len(found) != 4 {
		t.Errorf("%d months are recorded as gone", len(found))
	}
	// Readers at work are not waited for, and nobody is held up.
	tx, err := c.db.BeginTx(ctx, pgx.TxOptions{})
	must(t, err)
	defer tx.Rollback(ctx) //nolint:errcheck // the test's end
	_, err = tx.Exec(ctx, `SELECT count(*) FROM onemap.audit`)
	must(t, err)
	must(t, a.Keep(ctx, now.AddDate(0, 3, 0)))
	if n := count(); n != 27 {
		t.Errorf("%d entries left while somebody reads", n)
	}
}

func TestSentences(t *testing.T) {
	e := func(action, object, result, reason string) access.Recorded {
		return access.Recorded{Login: "li.na", Org: "urban", Name: "李娜", OrgZH: "城管局", OrgEN: "Urban management", Entry: access.Entry{Action: action, Object: object, Result: result, Reason: reason}}
	}
	for _, tt := range []struct {
		r      access.Recorded
		zh, en string
	}{
		{e("sign-in", "person/li.na", "done", ""), "城管局 李娜 [li.na] 登录", "李娜 [li.na] of Urban management signed in"},
		{e("layer.export", "layer/asset", "done", "月报"), "城管局 李娜 [li.na] 导出了图层 asset（月报）", "李娜 [li.na] of Urban management exported the layer asset (月报)"},
		{e("webhook.create", "webhook/7", "refused", ""), "城管局 李娜 [li.na] 新建了推送 7 — 被拒绝", "李娜 [li.na] of Urban management made the webhook 7 — refused"},
		{e("moon.land", "moon/1", "done", ""), "城管局 李娜 [li.na] moon.land 1", "李娜 [li.na] of Urban management moon.land 1"},
		{access.Recorded{Login: "system:onemap", Entry: access.Entry{Action: "audit.drop", Object: "audit/2025-01", Result: "done"}}, "系统（onemap） 按规定清除了 2025-01 的审计记录", "The system (onemap) let the audit of 2025-01 go by rule"},
		{access.Recorded{Entry: access.Entry{Action: "sign-in", Object: "person/", Result: "refused", Reason: "wrong login or password"}}, "未登录者 登录 — 被拒绝（账号或密码错误）", "Somebody not signed in signed in — refused (wrong login or password)"},
	} {
		if got := tt.r.Sentence("zh"); got != tt.zh {
			t.Errorf("zh: %s, want %s", got, tt.zh)
		}
		if got := tt.r.Sentence("en"); got != tt.en {
			t.Errorf("en: %s, want %s", got, tt.en)
		}
	}
}
