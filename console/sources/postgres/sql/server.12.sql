-- Who answers, and what we may see there; asked once a connection.
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int4 AS number,
       date_part('epoch', pg_postmaster_start_time()) AS started,
       current_database() AS database,
       current_user AS "user",
       current_setting('server_encoding') AS encoding,
       current_setting('block_size')::int4 AS block_size,
       pg_has_role('pg_read_all_stats', 'USAGE') AS all_stats,
       has_function_privilege('pg_ls_archive_statusdir()', 'EXECUTE') AS archive_status,
       current_setting('archive_mode') <> 'off' AS archiving,
       current_setting('max_prepared_transactions')::int4 > 0 AS prepares
