-- The same, of waits that last: how long others wait is hidden from that role, so it is asked here.
SELECT DISTINCT pid FROM pg_locks
 WHERE NOT granted AND pid IS NOT NULL AND waitstart < clock_timestamp() - interval '1 second' LIMIT 100
