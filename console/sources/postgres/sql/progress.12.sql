-- Long commands that say how far they are; a relation's name is known in the connected database only.
WITH running (command, pid, datname, relid, phase, done, total) AS (
    SELECT 'VACUUM', pid, datname, relid, phase,
           CASE WHEN phase = 'vacuuming heap' THEN heap_blks_vacuumed ELSE heap_blks_scanned END,
           heap_blks_total
      FROM pg_stat_progress_vacuum
    UNION ALL
    SELECT command, pid, datname, relid, phase,
           CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,
           CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END
      FROM pg_stat_progress_create_index
    UNION ALL
    SELECT command, pid, datname, relid, phase, heap_blks_scanned, heap_blks_total
      FROM pg_stat_progress_cluster
)
SELECT command, pid, datname, phase, done, total,
       CASE WHEN relid = 0 THEN NULL
            WHEN datname = current_database() THEN relid::regclass::text
            ELSE relid::text END AS relation
  FROM running
