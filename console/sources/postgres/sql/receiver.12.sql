-- On a standby: the process that receives WAL; no row when there is none.
SELECT status,
       sender_host,
       sender_port,
       slot_name,
       date_part('epoch', last_msg_receipt_time) AS heard
  FROM pg_stat_wal_receiver
