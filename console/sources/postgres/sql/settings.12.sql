-- The settings a reader asks for during an incident; $1: their names.
SELECT name, setting, coalesce(unit, '') AS unit, pending_restart
  FROM pg_settings
 WHERE name = ANY($1::text[])
