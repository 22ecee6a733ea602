-- The archiver, the checkpoints and the background writer.
SELECT a.archived_count,
       a.failed_count,
       a.last_archived_wal,
       date_part('epoch', a.last_archived_time) AS archived_at,
       a.last_failed_wal,
       date_part('epoch', a.last_failed_time) AS failed_at,
       c.num_timed AS timed,
       c.num_requested AS requested,
       c.write_time,
       c.sync_time,
       c.buffers_written,
       NULL::int8 AS buffers_backend,
       b.buffers_clean,
       b.maxwritten_clean,
       b.buffers_alloc
  FROM pg_stat_archiver a
 CROSS JOIN pg_stat_bgwriter b
 CROSS JOIN pg_stat_checkpointer c
