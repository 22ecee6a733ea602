-- Standbys (and other readers of WAL) fed by this server: how far behind, in bytes and in seconds.
WITH here AS MATERIALIZED (
    SELECT CASE WHEN pg_is_in_recovery()
                THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                ELSE pg_current_wal_lsn() END AS lsn
)
SELECT r.pid,
       r.usename,
       r.application_name,
       coalesce(host(r.client_addr), 'local') AS client,
       r.state,
       r.sync_state,
       pg_wal_lsn_diff(here.lsn, r.sent_lsn)::float8 AS sent_bytes,
       pg_wal_lsn_diff(here.lsn, r.write_lsn)::float8 AS write_bytes,
       pg_wal_lsn_diff(here.lsn, r.flush_lsn)::float8 AS flush_bytes,
       pg_wal_lsn_diff(here.lsn, r.replay_lsn)::float8 AS replay_bytes,
       date_part('epoch', r.write_lag) AS write_lag,
       date_part('epoch', r.flush_lag) AS flush_lag,
       date_part('epoch', r.replay_lag) AS replay_lag
  FROM pg_stat_replication r
 CROSS JOIN here
