-- Counts an attempt from one source, unless that is locked; no row: it is. The
-- last attempt allowed sets the lock; if it was right, signing in lifts it
-- again. Once a lock or the time of counting is over, counting starts anew.
INSERT INTO onemap.sign_in_guard AS g (who, source, failures, locked_until)
VALUES (@who, @source, 1, CASE WHEN @most <= 1 THEN now() + @lock::interval END)
ON CONFLICT (who, source) DO UPDATE
SET failures     = CASE WHEN g.locked_until <= now() OR g.since < now() - @window::interval THEN 1 ELSE g.failures + 1 END,
    since        = CASE WHEN g.locked_until <= now() OR g.since < now() - @window::interval THEN now() ELSE g.since END,
    locked_until = CASE WHEN g.locked_until IS NULL AND g.since >= now() - @window::interval AND g.failures + 1 >= @most THEN now() + @lock::interval END
WHERE g.locked_until IS NULL OR g.locked_until <= now()
RETURNING failures
