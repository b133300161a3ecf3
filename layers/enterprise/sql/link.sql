-- An inspection belongs to the enterprise that holds its licence. Two
-- enterprises with one licence are a fault of the register: the older row wins.
UPDATE map.inspection i SET enterprise = e.id
FROM (SELECT licence, min(id) AS id FROM map.enterprise WHERE licence <> '' GROUP BY licence) e
WHERE e.licence = i.licence AND i.enterprise IS DISTINCT FROM e.id
