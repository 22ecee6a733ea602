-- Where pg_stat_statements lives in this database and which columns its version has.
SELECT quote_ident(n.nspname) AS schema,
       array_agg(a.attname::text) AS columns
  FROM pg_extension e
  JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
                  AND d.classid = 'pg_class'::regclass
  JOIN pg_class c ON c.oid = d.objid AND c.relname = 'pg_stat_statements'
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE e.extname = 'pg_stat_statements'
 GROUP BY n.nspname
