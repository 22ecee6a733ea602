-- WAL segments waiting to be archived: reads a directory, so it is asked rarely.
SELECT count(*) AS ready FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'
