-- Who waits for a lock, for a role that may not see other roles' waits in pg_stat_activity.
SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid IS NOT NULL LIMIT 100
