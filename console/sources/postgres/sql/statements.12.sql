-- Every statement's counters without its text, which would be read from a file that can be large.
-- {schema} and {total}, {longest} are put in by what the installed extension has.
SELECT userid, dbid, queryid, sum(calls)::int8 AS calls, sum({total}) AS total, max({longest}) AS longest,
       sum(rows)::int8 AS rows, sum(shared_blks_hit)::int8 AS hit, sum(shared_blks_read)::int8 AS read,
       sum(temp_blks_written)::int8 AS temp
  FROM {schema}.pg_stat_statements(false)
 WHERE queryid IS NOT NULL
 GROUP BY userid, dbid, queryid
