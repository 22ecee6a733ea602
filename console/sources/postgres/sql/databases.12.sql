-- Counters of every database (and of the shared objects: datid 0), with the instance's own state
-- on each row so that both come in one round trip.
WITH here AS MATERIALIZED (
    SELECT standby,
           date_part('epoch', clock_timestamp()) AS now,
           pg_wal_lsn_diff(CASE WHEN standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                           '0/0')::float8 AS wal,
           CASE WHEN NOT standby THEN NULL
                WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE date_part('epoch', clock_timestamp() - pg_last_xact_replay_timestamp()) END AS lag,
           CASE WHEN standby THEN pg_is_wal_replay_paused() ELSE false END AS paused
      FROM pg_is_in_recovery() AS standby
)
SELECT here.now,
       here.standby,
       here.wal,
       here.lag,
       here.paused,
       s.datid,
       d.datname,
       coalesce(d.datistemplate, false) AS template,
       age(d.datfrozenxid) AS xid_age,
       mxid_age(d.datminmxid) AS mxid_age,
       s.numbackends,
       s.xact_commit,
       s.xact_rollback,
       s.blks_read,
       s.blks_hit,
       s.tup_returned,
       s.tup_fetched,
       s.tup_inserted,
       s.tup_updated,
       s.tup_deleted,
       s.conflicts,
       s.temp_files,
       s.temp_bytes,
       s.deadlocks,
       coalesce(s.checksum_failures, 0) AS checksum_failures
  FROM pg_stat_database s
  LEFT JOIN pg_database d ON d.oid = s.datid
 CROSS JOIN here
