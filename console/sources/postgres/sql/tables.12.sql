-- The larger tables of the connected database. A size is asked for only where no one holds or wants
-- the table or one of its indexes exclusively: the question would wait behind them.
WITH busy AS MATERIALIZED (
    SELECT coalesce(i.indrelid, l.relation) AS relid
      FROM pg_locks l
      LEFT JOIN pg_index i ON i.indexrelid = l.relation
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
),
picked AS MATERIALIZED (
    SELECT s.*, c.relpages, c.relfrozenxid
      FROM pg_stat_user_tables s
      JOIN pg_class c ON c.oid = s.relid
     ORDER BY greatest(s.n_live_tup + s.n_dead_tup, c.relpages::int8 * 50) DESC
     LIMIT $1
)
SELECT p.schemaname,
       p.relname,
       CASE WHEN p.relid IN (SELECT relid FROM busy)
            THEN p.relpages::float8 * current_setting('block_size')::int4
            ELSE pg_total_relation_size(p.relid)::float8 END AS bytes,
       p.n_live_tup AS live,
       p.n_dead_tup AS dead,
       p.n_mod_since_analyze AS modified,
       p.seq_scan,
       p.seq_tup_read,
       p.idx_scan,
       date_part('epoch', greatest(p.last_vacuum, p.last_autovacuum)) AS vacuumed,
       date_part('epoch', greatest(p.last_analyze, p.last_autoanalyze)) AS analyzed,
       age(p.relfrozenxid) AS xid_age
  FROM picked p
