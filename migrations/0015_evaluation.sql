-- Evaluation (绩效评价): what each case counts for, kept beside it, and the rules
-- by which counts become grades and scores. Fills onemap.case_fact from the
-- cases that are there, one row or a few a case: about a minute for a million,
-- during which map.incident and onemap.incident_flow can be read and not written.

-- +goose Up

-- What evaluation counts: a row each time that a case was dispatched to a
-- department (n = 1, 2 …), or one row (n = 0) for a case that never was. It
-- follows from map.incident and onemap.incident_flow alone, and is made anew,
-- in the transaction that writes either, for the cases written; so a report
-- that reads it never lags and never drifts. 2 million cases take about 500 MB,
-- of which a month's report reads what was open in that month.
--
-- Times are what is known now: of a case that was reopened the last closing
-- counts, of one that was reworked the last feedback.
CREATE TABLE onemap.case_fact (
    incident    bigint NOT NULL,
    n           smallint NOT NULL,
    last        boolean NOT NULL,      -- the one with the largest n: it stands for the case
    state       text NOT NULL,
    source      text NOT NULL,
    area_code   text NOT NULL,
    grid_code   text NOT NULL,
    dept_code   text NOT NULL,         -- to which it was dispatched; of n = 0 the one it is meant for
    -- Of the case, the same in all its rows. late: NULL where the time that a step took is not recorded.
    reported_at    timestamptz NOT NULL,
    verify_sent_at timestamptz,        -- first; late: it, or a repetition of it
    verify_sent_late boolean,
    verified_at    timestamptz,        -- first
    verify_late    boolean,
    verified       boolean NOT NULL,   -- it was found true (属实)
    registered_at  timestamptz,        -- first
    register_late  boolean,
    filed_at       timestamptz,        -- first
    file_late      boolean,
    ended_at       timestamptz,        -- NULL: it is open
    ended          text NOT NULL,      -- closed, rejected, void, merged; '' while it is open
    close_late     boolean,
    forced         boolean NOT NULL,
    excused        boolean NOT NULL,   -- an appeal was granted
    due_at         timestamptz,        -- of the state that it is in now
    -- Of this dispatch.
    flow           bigint,             -- onemap.incident_flow.id that dispatched it; NULL: no record
    dispatched_at  timestamptz,
    dispatch_late  boolean,
    deadline       timestamptz,        -- to handle it, with extensions; NULL: no limit
    handled_at     timestamptz,        -- last fed back
    late           boolean NOT NULL,   -- handled, or given away, after the deadline: the fact
    suspended_at   timestamptz,
    resumed_at     timestamptz,
    extensions     smallint NOT NULL,
    reworks        smallint NOT NULL,
    check_sent_at  timestamptz,        -- last
    check_sent_late boolean,
    checked_at     timestamptz,        -- last
    check_late     boolean,
    returned_at    timestamptz,        -- the department said that it is not theirs
    outcome        text NOT NULL,      -- of a return: upheld (it went to another), shirked (it came back), '' (not decided, or no return)
    lost_s         bigint,             -- of a return: seconds from the dispatch to the next one, or to the end
    PRIMARY KEY (incident, n)
) WITH (fillfactor = 70);              -- most changes of a row then stay on its page and touch no index

-- What was open at some time of a period: all that a report reads.
CREATE INDEX case_fact_open_idx ON onemap.case_fact USING gist (tstzrange(reported_at, ended_at, '[]'));

-- case_facts makes the facts of some cases. deadline is the one thing that is
-- gone from the case once it was handled: then it is what the caller kept.
-- +goose StatementBegin
CREATE FUNCTION onemap.case_facts(ids bigint[]) RETURNS SETOF onemap.case_fact LANGUAGE sql STABLE AS $$
    WITH f AS MATERIALIZED (
        SELECT incident, id, at, action, from_state, to_state, dept, detail, used_s > coalesce(limit_s, used_s) AS late,
               count(*) FILTER (WHERE to_state = 'dispatched' AND from_state <> 'dispatched') OVER (PARTITION BY incident ORDER BY id) AS n
          FROM onemap.incident_flow WHERE incident = ANY (ids)
    ), whole AS ( -- a case
        SELECT incident, max(n) AS n, (array_agg(to_state ORDER BY id DESC))[1] AS state,
               min(at) FILTER (WHERE action = 'send_verify') AS verify_sent_at, bool_or(late) FILTER (WHERE action = 'send_verify') AS verify_sent_late,
               min(at) FILTER (WHERE action = 'report_verify') AS verified_at, bool_or(late) FILTER (WHERE action = 'report_verify') AS verify_late,
               min(at) FILTER (WHERE action = 'register') AS registered_at, bool_or(late) FILTER (WHERE action = 'register') AS register_late,
               min(at) FILTER (WHERE action = 'file') AS filed_at, bool_or(late) FILTER (WHERE action = 'file') AS file_late,
               max(at) FILTER (WHERE to_state IN ('closed', 'rejected', 'void', 'merged') AND from_state <> to_state) AS ended_at,
               bool_or(late) FILTER (WHERE action = 'close') AS close_late
          FROM f GROUP BY incident
    ), part AS ( -- a dispatch, up to the next
        SELECT incident, n, min(id) AS flow, (array_agg(dept ORDER BY id))[1] AS dept, min(at) AS dispatched_at,
               bool_or(late) FILTER (WHERE to_state = 'dispatched' AND from_state <> 'dispatched') AS dispatch_late,
               max((detail ->> 'deadline')::timestamptz) AS deadline,
               max(at) FILTER (WHERE action = 'feedback') AS handled_at, bool_or(late) FILTER (WHERE action = 'feedback') AS handled_late,
               max(at) FILTER (WHERE to_state = 'suspended' AND from_state <> 'suspended') AS suspended_at,
               max(at) FILTER (WHERE from_state = 'suspended' AND to_state <> 'suspended') AS resumed_at,
               count(*) FILTER (WHERE action = 'grant_extension') AS extensions,
               count(*) FILTER (WHERE action = 'rework') AS reworks,
               max(at) FILTER (WHERE action = 'send_check') AS check_sent_at, bool_or(late) FILTER (WHERE action = 'send_check') AS check_sent_late,
               max(at) FILTER (WHERE action = 'report_check') AS checked_at, bool_or(late) FILTER (WHERE action = 'report_check') AS check_late,
               max(at) FILTER (WHERE action = 'return') AS returned_at
          FROM f WHERE n > 0 GROUP BY incident, n
    ), parts AS (
        SELECT *, lead(dept) OVER w AS next_dept, lead(dispatched_at) OVER w AS next_at FROM part WINDOW w AS (PARTITION BY incident ORDER BY n)
    ), cases AS (
        SELECT c.*, w.n AS parts, w.incident IS NOT NULL AS flowed, w.verify_sent_at, w.verify_sent_late, w.verified_at, w.verify_late,
               w.registered_at AS w_registered_at, w.register_late, w.filed_at AS w_filed_at, w.file_late, w.close_late,
               -- What the flow does not tell, the columns do: cases of other systems came without one.
               CASE WHEN c.state IN ('closed', 'rejected', 'void', 'merged') THEN
                   greatest(coalesce(w.ended_at, c.closed_at, c.since), c.reported_at) END AS over_at,
               coalesce(w.state = c.state, true) AS settled -- the case and its flow are both written
          FROM map.incident c LEFT JOIN whole w ON w.incident = c.id WHERE c.id = ANY (ids)
    )
    SELECT c.id, coalesce(p.n, CASE WHEN coalesce(c.parts, 0) = 0 AND c.dispatched_at IS NOT NULL AND NOT c.flowed THEN 1 ELSE 0 END)::smallint,
           coalesce(p.n = c.parts, true), c.state, c.source, c.area_code, c.grid_code,
           coalesce(nullif(p.dept, ''), c.dept_code), c.reported_at,
           c.verify_sent_at, c.verify_sent_late, c.verified_at, c.verify_late, c.verified = 'true',
           coalesce(c.w_registered_at, c.registered_at), c.register_late, coalesce(c.w_filed_at, c.filed_at), c.file_late,
           c.over_at, CASE WHEN c.over_at IS NULL THEN '' ELSE c.state END, c.close_late, c.forced, c.excused, c.due_at,
           p.flow, d.dispatched_at, p.dispatch_late, d.deadline, d.handled_at,
           coalesce(coalesce(d.handled_at, p.returned_at) > d.deadline,
                    CASE WHEN p.n IS NULL THEN c.overdue AND d.handled_at IS NOT NULL ELSE coalesce(p.handled_late, c.overdue AND p.n = c.parts AND d.handled_at IS NOT NULL) END, false),
           p.suspended_at, p.resumed_at,
           coalesce(p.extensions, c.extensions)::smallint, coalesce(p.reworks, c.reworks)::smallint,
           p.check_sent_at, p.check_sent_late, p.checked_at, p.check_late, p.returned_at,
           CASE WHEN p.returned_at IS NULL OR p.next_at IS NULL THEN '' WHEN p.next_dept = p.dept THEN 'shirked' ELSE 'upheld' END,
           CASE WHEN p.returned_at IS NOT NULL THEN extract(epoch FROM coalesce(p.next_at, c.over_at) - p.dispatched_at)::bigint END
      FROM cases c
      LEFT JOIN parts p ON p.incident = c.id
      LEFT JOIN (SELECT incident, n, deadline FROM onemap.case_fact WHERE incident = ANY (ids)) old ON old.incident = c.id AND old.n = p.n
     CROSS JOIN LATERAL (SELECT
           CASE WHEN p.n IS NULL AND NOT c.flowed OR p.n IS NOT NULL THEN coalesce(p.dispatched_at, c.dispatched_at) END AS dispatched_at,
           CASE WHEN p.n IS NULL AND NOT c.flowed THEN c.handled_at ELSE p.handled_at END AS handled_at,
           -- Of the last dispatch the case has it for as long as it is handled.
           CASE WHEN coalesce(p.n = c.parts, true) AND c.settled AND c.state IN ('dispatched', 'handling') AND c.due_at IS NOT NULL THEN c.due_at
                ELSE coalesce(p.deadline, old.deadline) END AS deadline) d
$$;
-- +goose StatementEnd

-- case_facts_keep makes the facts of some cases and keeps them. What is there is
-- locked first, so that of two writers the later one sees what the earlier wrote.
-- The plan is made once, as planning takes longer than one case, and has no
-- nested loops, as it serves a hundred thousand cases of an import too.
-- +goose StatementBegin
CREATE FUNCTION onemap.case_facts_keep(ids bigint[]) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_nestloop = off AS $$
BEGIN
    PERFORM FROM onemap.case_fact WHERE incident = ANY (ids) ORDER BY incident, n FOR UPDATE;
    INSERT INTO onemap.case_fact AS old SELECT * FROM onemap.case_facts(ids)
    ON CONFLICT (incident, n) DO UPDATE SET (last, state, source, area_code, grid_code, dept_code, reported_at,
            verify_sent_at, verify_sent_late, verified_at, verify_late, verified, registered_at, register_late, filed_at, file_late,
            ended_at, ended, close_late, forced, excused, due_at, flow, dispatched_at, dispatch_late, deadline, handled_at, late,
            suspended_at, resumed_at, extensions, reworks, check_sent_at, check_sent_late, checked_at, check_late, returned_at, outcome, lost_s)
        = (excluded.last, excluded.state, excluded.source, excluded.area_code, excluded.grid_code, excluded.dept_code, excluded.reported_at,
            excluded.verify_sent_at, excluded.verify_sent_late, excluded.verified_at, excluded.verify_late, excluded.verified, excluded.registered_at,
            excluded.register_late, excluded.filed_at, excluded.file_late,
            excluded.ended_at, excluded.ended, excluded.close_late, excluded.forced, excluded.excused, excluded.due_at, excluded.flow, excluded.dispatched_at,
            excluded.dispatch_late, excluded.deadline, excluded.handled_at, excluded.late,
            excluded.suspended_at, excluded.resumed_at, excluded.extensions, excluded.reworks, excluded.check_sent_at, excluded.check_sent_late,
            excluded.checked_at, excluded.check_late, excluded.returned_at, excluded.outcome, excluded.lost_s);
    -- A case that is dispatched for the first time has no row n = 0 any more.
    DELETE FROM onemap.case_fact z WHERE z.incident = ANY (ids) AND z.n = 0
        AND EXISTS (SELECT FROM onemap.case_fact p WHERE p.incident = z.incident AND p.n > 0);
END $$;

CREATE FUNCTION onemap.case_facts_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'incident_flow' THEN
        PERFORM onemap.case_facts_keep(array_agg(DISTINCT incident)) FROM written HAVING count(*) > 0;
    ELSE
        PERFORM onemap.case_facts_keep(array_agg(id)) FROM written HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION onemap.case_facts_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM onemap.case_fact;
    ELSE
        DELETE FROM onemap.case_fact WHERE incident IN (SELECT id FROM gone);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER case_facts_insert AFTER INSERT ON map.incident REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION onemap.case_facts_written();
CREATE TRIGGER case_facts_update AFTER UPDATE ON map.incident REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION onemap.case_facts_written();
CREATE TRIGGER case_facts_delete AFTER DELETE ON map.incident REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION onemap.case_facts_gone();
CREATE TRIGGER case_facts_truncate AFTER TRUNCATE ON map.incident FOR EACH STATEMENT EXECUTE FUNCTION onemap.case_facts_gone();
CREATE TRIGGER case_facts_flow AFTER INSERT ON onemap.incident_flow REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION onemap.case_facts_written();

-- case_facts_mend gives facts to the cases that have none: where the table was
-- replaced as a whole, no trigger saw it.
-- +goose StatementBegin
CREATE FUNCTION onemap.case_facts_mend() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM onemap.case_fact f WHERE NOT EXISTS (SELECT FROM map.incident c WHERE c.id = f.incident);
    PERFORM onemap.case_facts_keep(array_agg(c.id ORDER BY c.id)) FROM map.incident c
        WHERE NOT EXISTS (SELECT FROM onemap.case_fact f WHERE f.incident = c.id) GROUP BY c.id / 5000;
END $$;
-- +goose StatementEnd
SELECT onemap.case_facts_mend();

-- Rules of evaluation: the grades, the weights of the scores. A version is in
-- force from its date on; none is ever changed, so that a report of the past
-- can be made again as it was.
CREATE TABLE onemap.evaluation_rule (
    valid_from date PRIMARY KEY,
    rules      jsonb NOT NULL,
    reason     text NOT NULL DEFAULT '' CHECK (length(reason) <= 2000),
    made_by    text NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON onemap.evaluation_rule
    FOR EACH ROW EXECUTE FUNCTION onemap.refuse_change();
-- The grades of the field, and the weights of CJ/T 292 as an open product has
-- them. of names a rate, or with steps a count, of which the first step that it
-- reaches gives the points; per_grid divides it by the unit grids of the area.
-- inverse takes 100 - rate.
INSERT INTO onemap.evaluation_rule (valid_from, made_by, reason, rules) VALUES ('1900-01-01', 'system', 'CJ/T 292', '{
  "grades": [{"grade": "A", "from": 90}, {"grade": "B", "from": 75}, {"grade": "C", "from": 60}, {"grade": "D", "from": 40}, {"grade": "E", "from": 0}],
  "scores": {
    "area": [{"of": "public_report", "weight": 10, "inverse": true},
             {"of": "filed", "weight": 20, "per_grid": true, "steps": [{"from": 9, "points": 0}, {"from": 7, "points": 40}, {"from": 5, "points": 60}, {"from": 3, "points": 75}, {"from": 1, "points": 90}, {"from": 0, "points": 100}]},
             {"of": "closed", "weight": 30}, {"of": "closed_on_time", "weight": 40}],
    "department": [{"of": "handled", "weight": 10, "steps": [{"from": 2001, "points": 100}, {"from": 1201, "points": 90}, {"from": 501, "points": 75}, {"from": 301, "points": 60}, {"from": 101, "points": 40}, {"from": 0, "points": 20}]},
             {"of": "closed", "weight": 30}, {"of": "handled_on_time", "weight": 30}, {"of": "rework", "weight": 30, "inverse": true}],
    "collector": [{"of": "valid_report", "weight": 40}, {"of": "missed", "weight": 20, "inverse": true}, {"of": "verify_on_time", "weight": 20}, {"of": "check_on_time", "weight": 20}],
    "acceptor": [{"of": "handled", "weight": 25, "steps": [{"from": 2001, "points": 100}, {"from": 1201, "points": 90}, {"from": 501, "points": 75}, {"from": 301, "points": 60}, {"from": 101, "points": 40}, {"from": 0, "points": 20}]},
             {"of": "verify_sent_on_time", "weight": 40}, {"of": "check_sent_on_time", "weight": 35}],
    "shift_leader": [{"of": "filed_on_time", "weight": 25}, {"of": "filed_accurate", "weight": 40}, {"of": "closed_on_time", "weight": 35}],
    "dispatcher": [{"of": "dispatched", "weight": 20, "steps": [{"from": 2001, "points": 100}, {"from": 1201, "points": 90}, {"from": 501, "points": 75}, {"from": 301, "points": 60}, {"from": 101, "points": 40}, {"from": 0, "points": 20}]},
             {"of": "dispatched_on_time", "weight": 40}, {"of": "dispatched_accurate", "weight": 40}]
  }
}');
