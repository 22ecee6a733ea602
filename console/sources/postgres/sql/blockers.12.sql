-- Who keeps each waiter ($1) waiting. It takes the lock manager's locks exclusively for a moment a
-- row: asked for waiters only, for not too many, and not often.
SELECT pid, pg_blocking_pids(pid) AS blockers FROM unnest($1::int4[]) AS pid
