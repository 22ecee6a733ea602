-- The texts of some statements ($1: their ids), at most $2 bytes each.
SELECT s.userid, s.dbid, s.queryid, r.rolname, d.datname,
       substring(textsend(s.query) FROM 1 FOR $2::int4) AS query
  FROM {schema}.pg_stat_statements(true) s
  LEFT JOIN pg_roles r ON r.oid = s.userid
  LEFT JOIN pg_database d ON d.oid = s.dbid
 WHERE s.queryid = ANY($1::int8[])
