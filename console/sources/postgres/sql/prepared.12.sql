-- Prepared transactions: they hold locks with no session behind them.
SELECT gid, owner, database, date_part('epoch', prepared) AS since
  FROM pg_prepared_xacts
 ORDER BY prepared
 LIMIT 100
