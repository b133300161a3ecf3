-- The hours of one audience's releases. The different values of an indexed column, one index lookup each, latest
-- first: DISTINCT would read every grid's row of every hour.
WITH RECURSIVE h AS (
    SELECT max(hour) AS hour, 1 AS n FROM map.population WHERE audience = @audience
    UNION ALL
    SELECT (SELECT max(hour) FROM map.population WHERE audience = @audience AND hour < h.hour), n + 1 FROM h WHERE h.hour IS NOT NULL AND n < 2000
)
SELECT hour FROM h WHERE hour IS NOT NULL ORDER BY hour
