-- Counts an attempt to sign in, unless the account is locked, and returns what
-- the attempt is judged by. The last attempt allowed sets the lock; if it was
-- right, signing in lifts it again. Once a lock is over, counting starts anew.
WITH attempt AS (
    UPDATE onemap.person
    SET failures = CASE WHEN locked_until <= now() THEN 1 ELSE failures + 1 END,
        locked_until = CASE WHEN locked_until IS NULL AND failures + 1 >= @max THEN now() + @lock::interval END
    WHERE login = @login AND (locked_until IS NULL OR locked_until <= now())
    RETURNING id
)
SELECT id, password_hash, org, active, locked_until, EXISTS (SELECT FROM attempt) AS counted
FROM onemap.person
WHERE login = @login
