-- Bytes of every database we may ask for: reads their directories, so it is asked rarely.
SELECT datname, pg_database_size(oid)::float8 AS bytes
  FROM pg_database
 WHERE pg_has_role('pg_read_all_stats', 'USAGE')
    OR has_database_privilege(oid, 'CONNECT')
