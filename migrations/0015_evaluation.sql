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
    flowed      boolean NOT NULL,      -- it has a flow record; else its columns are all that is known
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

-- The steps of a post in a period: a fifth of what happened in it.
CREATE INDEX incident_flow_action_idx ON onemap.incident_flow (action, at);

-- case_facts makes the facts of some cases from nothing but the cases and their
-- flow. What follows keeps the same step by step, for less.
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
               max(at) FILTER (WHERE action = 'feedback') AS handled_at,
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
                   greatest(coalesce(CASE WHEN w.state = c.state THEN w.ended_at END, c.closed_at, c.since), c.reported_at) END AS over_at
          FROM map.incident c LEFT JOIN whole w ON w.incident = c.id WHERE c.id = ANY (ids)
    )
    SELECT c.id,
           coalesce(p.n, CASE WHEN coalesce(c.parts, 0) = 0 AND c.dispatched_at IS NOT NULL AND NOT c.flowed THEN 1 ELSE 0 END)::smallint,
           c.flowed, coalesce(p.n = c.parts, true), c.state, c.source, c.area_code, c.grid_code,
           coalesce(nullif(p.dept, ''), c.dept_code), c.reported_at,
           c.verify_sent_at, c.verify_sent_late, c.verified_at, c.verify_late, c.verified = 'true',
           coalesce(c.w_registered_at, c.registered_at), c.register_late, coalesce(c.w_filed_at, c.filed_at), c.file_late,
           c.over_at, CASE WHEN c.over_at IS NULL THEN '' ELSE c.state END, c.close_late, c.forced, c.excused, c.due_at,
           p.flow, d.dispatched_at, p.dispatch_late, d.deadline, d.handled_at,
           CASE WHEN c.flowed THEN coalesce(coalesce(d.handled_at, p.returned_at) > d.deadline, false) ELSE c.overdue AND d.handled_at IS NOT NULL END,
           p.suspended_at, p.resumed_at,
           CASE WHEN c.flowed THEN coalesce(p.extensions, 0) ELSE c.extensions END::smallint, CASE WHEN c.flowed THEN coalesce(p.reworks, 0) ELSE c.reworks END::smallint,
           p.check_sent_at, p.check_sent_late, p.checked_at, p.check_late, p.returned_at,
           CASE WHEN p.returned_at IS NULL OR p.next_at IS NULL THEN '' WHEN p.next_dept = p.dept THEN 'shirked' ELSE 'upheld' END,
           CASE WHEN p.returned_at IS NOT NULL THEN extract(epoch FROM coalesce(p.next_at, c.over_at) - p.dispatched_at)::bigint END
      FROM cases c
      LEFT JOIN parts p ON p.incident = c.id
     CROSS JOIN LATERAL (SELECT
           CASE WHEN p.n IS NULL AND NOT c.flowed OR p.n IS NOT NULL THEN coalesce(p.dispatched_at, c.dispatched_at) END AS dispatched_at,
           CASE WHEN p.n IS NULL AND NOT c.flowed THEN c.handled_at ELSE p.handled_at END AS handled_at,
           CASE WHEN c.flowed THEN p.deadline WHEN c.state IN ('dispatched', 'handling') THEN c.due_at END AS deadline) d
$$;
-- +goose StatementEnd

-- case_facts_keep makes the facts of some cases and keeps them. What is there is
-- locked first, so that of two writers the later one sees what the earlier wrote.
-- The plan is made once, as planning takes longer than one case; it has no
-- nested loops, as it serves a hundred thousand cases of an import too, and goes
-- by the indexes, as a new city's tables have no statistics yet.
-- +goose StatementBegin
CREATE FUNCTION onemap.case_facts_keep(ids bigint[]) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM onemap.case_fact WHERE incident = ANY (ids) ORDER BY incident, n FOR UPDATE;
    DELETE FROM onemap.case_fact WHERE incident = ANY (ids);
    INSERT INTO onemap.case_fact SELECT * FROM onemap.case_facts(ids);
END $$;

-- case_fact_step takes a record of the flow on.
CREATE FUNCTION onemap.case_fact_step(s onemap.incident_flow) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    p onemap.case_fact;
    slow boolean := s.used_s > coalesce(s.limit_s, s.used_s);
    until timestamptz := (s.detail ->> 'deadline')::timestamptz;
    over boolean := s.to_state IN ('closed', 'rejected', 'void', 'merged');
BEGIN
    SELECT * INTO p FROM onemap.case_fact f WHERE f.incident = s.incident AND f.last FOR UPDATE;
    IF p.incident IS NULL OR NOT p.flowed THEN -- its first record
        PERFORM onemap.case_facts_keep(ARRAY[s.incident]);
        RETURN;
    END IF;
    IF s.to_state = 'dispatched' AND s.from_state <> 'dispatched' THEN
        IF p.n = 0 THEN
            DELETE FROM onemap.case_fact f WHERE f.incident = s.incident;
        ELSE
            UPDATE onemap.case_fact f SET last = false,
                outcome = CASE WHEN f.returned_at IS NULL THEN '' WHEN coalesce(nullif(s.dept, ''), f.dept_code) = f.dept_code THEN 'shirked' ELSE 'upheld' END,
                lost_s = CASE WHEN f.returned_at IS NOT NULL THEN extract(epoch FROM s.at - f.dispatched_at)::bigint END
                WHERE f.incident = s.incident AND f.last;
        END IF;
        p.n := p.n + 1;
        p.state := s.to_state; p.ended := ''; p.ended_at := NULL;
        p.flow := s.id; p.dept_code := coalesce(nullif(s.dept, ''), p.dept_code);
        p.dispatched_at := s.at; p.dispatch_late := slow; p.deadline := until; p.handled_at := NULL; p.late := false;
        p.suspended_at := NULL; p.resumed_at := NULL; p.extensions := 0; p.reworks := 0;
        p.check_sent_at := NULL; p.check_sent_late := NULL; p.checked_at := NULL; p.check_late := NULL;
        p.returned_at := NULL; p.outcome := ''; p.lost_s := NULL;
        INSERT INTO onemap.case_fact SELECT p.*;
        RETURN;
    END IF;
    -- Of the case: all its rows.
    UPDATE onemap.case_fact f SET state = s.to_state,
        verify_sent_at = CASE WHEN s.action = 'send_verify' THEN least(f.verify_sent_at, s.at) ELSE f.verify_sent_at END,
        verify_sent_late = CASE WHEN s.action = 'send_verify' THEN coalesce(f.verify_sent_late OR slow, f.verify_sent_late, slow) ELSE f.verify_sent_late END,
        verified_at = CASE WHEN s.action = 'report_verify' THEN least(f.verified_at, s.at) ELSE f.verified_at END,
        verify_late = CASE WHEN s.action = 'report_verify' THEN coalesce(f.verify_late OR slow, f.verify_late, slow) ELSE f.verify_late END,
        registered_at = CASE WHEN s.action = 'register' THEN least(f.registered_at, s.at) ELSE f.registered_at END,
        register_late = CASE WHEN s.action = 'register' THEN coalesce(f.register_late OR slow, f.register_late, slow) ELSE f.register_late END,
        filed_at = CASE WHEN s.action = 'file' THEN least(f.filed_at, s.at) ELSE f.filed_at END,
        file_late = CASE WHEN s.action = 'file' THEN coalesce(f.file_late OR slow, f.file_late, slow) ELSE f.file_late END,
        ended = CASE WHEN over THEN s.to_state ELSE '' END,
        ended_at = CASE WHEN NOT over THEN NULL WHEN s.from_state <> s.to_state THEN greatest(s.at, f.reported_at) ELSE f.ended_at END,
        close_late = CASE WHEN s.action = 'close' THEN coalesce(f.close_late OR slow, f.close_late, slow) ELSE f.close_late END,
        -- Of the dispatch: the last one.
        deadline = CASE WHEN f.last AND f.n > 0 THEN greatest(f.deadline, until) ELSE f.deadline END,
        handled_at = CASE WHEN f.last AND f.n > 0 AND s.action = 'feedback' THEN s.at ELSE f.handled_at END,
        suspended_at = CASE WHEN f.last AND f.n > 0 AND s.to_state = 'suspended' AND s.from_state <> 'suspended' THEN s.at ELSE f.suspended_at END,
        resumed_at = CASE WHEN f.last AND f.n > 0 AND s.from_state = 'suspended' AND s.to_state <> 'suspended' THEN s.at ELSE f.resumed_at END,
        extensions = f.extensions + (f.last AND f.n > 0 AND s.action = 'grant_extension')::int,
        reworks = f.reworks + (f.last AND f.n > 0 AND s.action = 'rework')::int,
        check_sent_at = CASE WHEN f.last AND f.n > 0 AND s.action = 'send_check' THEN s.at ELSE f.check_sent_at END,
        check_sent_late = CASE WHEN f.last AND f.n > 0 AND s.action = 'send_check' THEN coalesce(f.check_sent_late OR slow, f.check_sent_late, slow) ELSE f.check_sent_late END,
        checked_at = CASE WHEN f.last AND f.n > 0 AND s.action = 'report_check' THEN s.at ELSE f.checked_at END,
        check_late = CASE WHEN f.last AND f.n > 0 AND s.action = 'report_check' THEN coalesce(f.check_late OR slow, f.check_late, slow) ELSE f.check_late END,
        returned_at = CASE WHEN f.last AND f.n > 0 AND s.action = 'return' THEN s.at ELSE f.returned_at END,
        lost_s = CASE WHEN f.last AND f.returned_at IS NOT NULL THEN CASE WHEN over AND s.from_state <> s.to_state
                     THEN extract(epoch FROM greatest(s.at, f.reported_at) - f.dispatched_at)::bigint WHEN over THEN f.lost_s END ELSE f.lost_s END,
        late = CASE WHEN f.last AND f.n > 0 THEN coalesce(coalesce(CASE WHEN s.action = 'feedback' THEN s.at ELSE f.handled_at END,
                     CASE WHEN s.action = 'return' THEN s.at ELSE f.returned_at END) > greatest(f.deadline, until), false) ELSE f.late END
        WHERE f.incident = s.incident;
END $$;

-- case_fact_row takes over what stands in the case itself. Its flow is written
-- before or after it: either order is right.
CREATE FUNCTION onemap.case_fact_row() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE onemap.case_fact f SET state = NEW.state, source = NEW.source, area_code = NEW.area_code, grid_code = NEW.grid_code,
        dept_code = CASE WHEN f.n = 0 THEN NEW.dept_code ELSE f.dept_code END,
        verified = NEW.verified = 'true', forced = NEW.forced, excused = NEW.excused, due_at = NEW.due_at,
        ended = CASE WHEN NEW.state IN ('closed', 'rejected', 'void', 'merged') THEN NEW.state ELSE '' END,
        ended_at = CASE WHEN NEW.state NOT IN ('closed', 'rejected', 'void', 'merged') THEN NULL
                        WHEN NEW.state = f.state AND f.ended_at IS NOT NULL THEN f.ended_at ELSE greatest(coalesce(NEW.closed_at, NEW.since), f.reported_at) END
        WHERE f.incident = NEW.id AND f.flowed AND NEW.reported_at = f.reported_at;
    IF NOT FOUND THEN -- all that is known stands in its columns
        PERFORM onemap.case_facts_keep(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION onemap.case_facts_written() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    s onemap.incident_flow;
BEGIN
    IF TG_TABLE_NAME <> 'incident_flow' THEN
        PERFORM onemap.case_facts_keep(array_agg(id)) FROM written HAVING count(*) > 0;
    ELSIF (SELECT count(*) > 50 FROM written) THEN -- an import
        PERFORM onemap.case_facts_keep(array_agg(DISTINCT incident)) FROM written;
    ELSE
        FOR s IN SELECT * FROM written ORDER BY id LOOP
            PERFORM onemap.case_fact_step(s);
        END LOOP;
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
CREATE TRIGGER case_facts_update AFTER UPDATE ON map.incident FOR EACH ROW
    WHEN ((OLD.state, OLD.source, OLD.area_code, OLD.grid_code, OLD.dept_code, OLD.verified, OLD.forced, OLD.excused, OLD.overdue, OLD.reported_at, OLD.due_at,
           OLD.registered_at, OLD.filed_at, OLD.dispatched_at, OLD.handled_at, OLD.closed_at, OLD.extensions, OLD.reworks) IS DISTINCT FROM
          (NEW.state, NEW.source, NEW.area_code, NEW.grid_code, NEW.dept_code, NEW.verified, NEW.forced, NEW.excused, NEW.overdue, NEW.reported_at, NEW.due_at,
           NEW.registered_at, NEW.filed_at, NEW.dispatched_at, NEW.handled_at, NEW.closed_at, NEW.extensions, NEW.reworks))
    EXECUTE FUNCTION onemap.case_fact_row();
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
