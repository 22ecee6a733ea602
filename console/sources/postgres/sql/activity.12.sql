-- Every backend, one row each. Times are seconds since the epoch, so that a row of an idle session
-- stays the same from poll to poll. The query comes as bytes: it may hold another database's
-- encoding, which would fail as text. $1 and $2: bytes wanted of idle and of other sessions' queries.
SELECT a.pid,
       a.pid = pg_backend_pid() AS own,
       NULL::int4 AS leader,
       a.backend_type,
       a.datname,
       a.usename,
       a.application_name,
       CASE WHEN a.client_addr IS NOT NULL THEN host(a.client_addr)
            WHEN a.client_port = -1 THEN 'local' END AS client,
       a.state,
       a.wait_event_type,
       a.wait_event,
       date_part('epoch', a.backend_start) AS since,
       -- an aborted transaction has no start any more
       date_part('epoch', CASE WHEN a.state LIKE 'idle in transaction%'
                               THEN coalesce(a.xact_start, a.state_change)
                               ELSE a.xact_start END) AS transaction_since,
       date_part('epoch', a.query_start) AS query_since,
       date_part('epoch', a.state_change) AS state_since,
       age(a.backend_xmin) AS xmin_age,
       substring(textsend(a.query) FROM 1 FOR CASE WHEN a.state = 'idle' THEN $1::int4 ELSE $2::int4 END) AS query
  FROM pg_stat_activity a
