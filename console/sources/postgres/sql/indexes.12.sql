-- Indexes that a failed build left unusable; the ones being built now are not meant.
SELECT i.indexrelid::regclass::text AS name
  FROM pg_index i
 WHERE NOT i.indisvalid
   AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
   AND (SELECT relkind FROM pg_class WHERE oid = i.indexrelid) = 'i'
 LIMIT 100
