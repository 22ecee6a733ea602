-- The archiver, the checkpoints and the background writer.
SELECT a.archived_count,
       a.failed_count,
       a.last_archived_wal,
       date_part('epoch', a.last_archived_time) AS archived_at,
       a.last_failed_wal,
       date_part('epoch', a.last_failed_time) AS failed_at,
       b.checkpoints_timed AS timed,
       b.checkpoints_req AS requested,
       b.checkpoint_write_time AS write_time,
       b.checkpoint_sync_time AS sync_time,
       b.buffers_checkpoint AS buffers_written,
       b.buffers_backend,
       b.buffers_clean,
       b.maxwritten_clean,
       b.buffers_alloc
  FROM pg_stat_archiver a
 CROSS JOIN pg_stat_bgwriter b
