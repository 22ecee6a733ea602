-- Replication slots and the WAL each one holds back.
WITH here AS MATERIALIZED (
    SELECT CASE WHEN pg_is_in_recovery()
                THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                ELSE pg_current_wal_lsn() END AS lsn
)
SELECT s.slot_name,
       s.slot_type,
       s.plugin,
       s.database,
       s.active,
       s.temporary,
       s.wal_status AS wal_status,
       s.safe_wal_size::float8 AS safe_bytes,
       s.invalidation_reason AS invalid,
       date_part('epoch', s.inactive_since) AS inactive_since,
       pg_wal_lsn_diff(here.lsn, s.restart_lsn)::float8 AS retained_bytes,
       greatest(age(s.xmin), age(s.catalog_xmin)) AS xmin_age
  FROM pg_replication_slots s
 CROSS JOIN here
