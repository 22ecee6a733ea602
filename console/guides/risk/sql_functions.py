"""What calling a function of SQL may do, by its name."""

from __future__ import annotations

import re

from console.guides.model import Risk
from console.guides.risk.names import names

_ACTS = names(
    """
    advance advisory attach cancel copy create delete detach drop emit export import kill log notify
    pause prewarm promote reload remove rename repack reset restore resume rotate set signal start stop
    switch sync terminate truncate unlink write
    """
)
"""Parts of the names of PostgreSQL's own functions that do something."""
_WRITES = names(
    """
    lo_creat lo_create lo_export lo_from_bytea lo_import lo_open lo_put lo_truncate lo_unlink lowrite
    nextval pg_backup_start pg_backup_stop pg_current_xact_id pg_logical_slot_get_binary_changes
    pg_logical_slot_get_changes set_config setval txid_current
    """
)
_RUNS = re.compile(
    r"dblink|_to_xml|_to_xmlschema|^ts_stat$|^query_|^cursor_|^plpy|^pg_read_server_files$|^http"
)
"""Functions that run a text they are given."""
_READS = names(
    """
    abbrev abs age amcheck array_agg array_append array_cat array_dims array_length array_lower
    array_position array_remove array_to_string array_upper bit_length bool_and bool_or broadcast
    bt_index_check bt_metap btrim cardinality cbrt ceil char_length chunks_detailed_size clock_timestamp
    col_description corr cume_dist current_database current_query current_schema current_schemas
    current_setting current_user date_bin date_part date_trunc decode degrees dense_rank div encode
    every exp extract family first_value floor format format_type gen_random_uuid generate_series
    generate_subscripts greatest heap_page_items host host hypertable_detailed_size hypertable_size
    inet_client_addr inet_client_port inet_server_addr inet_server_port initcap isfinite json_agg
    json_object_agg jsonb_agg jsonb_object_agg justify_days justify_hours justify_interval lag
    last_value lead least left ln log lpad ltrim make_date make_interval masklen md5 mod mode network
    now nth_value ntile nullif num_nonnulls num_nulls numeric_inc obj_description octet_length oid
    overlay percent_rank percentile_cont percentile_disc pgstatindex pgstattuple pgstattuple_approx pi
    position power quote_ident quote_literal quote_nullable radians random rank regclass regexp_count
    regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regproc
    regr_intercept regr_slope regtype repeat reverse right round row row_number row_to_json rpad rtrim
    scale session_user sha256 shobj_description show_trgm sign similarity split_part sqrt starts_with
    statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array strpos substr substring
    text time_bucket timeofday to_char to_date to_json to_jsonb to_number to_regclass to_regproc
    to_timestamp translate trunc txid_snapshot_xmin unnest uuid_generate_v4 var_pop var_samp variance
    version width_bucket word_similarity
    """
)
_READ_PREFIXES = (
    "json_",
    "jsonb_",
    "array_",
    "has_",
    "st_",
    "postgis_",
    "inet",
    "regexp_",
    "string_",
    "timescaledb_information",
)


def function_risk(name: str) -> Risk:
    """What calling a function by this name may do; one that is not PostgreSQL's own is unknown."""
    name = name.lower()
    if name in _WRITES:
        return Risk.CHANGE
    if _RUNS.search(name):
        return Risk.CHANGE if name.startswith("dblink") else Risk.UNKNOWN
    if name in _READS:
        return Risk.READ
    if name.startswith("pg_drop_"):
        return Risk.DESTRUCTIVE
    if (
        name.startswith("pg_")
        and not name.startswith(("pg_stat_get_", "pg_get_"))
        and _ACTS & set(name.split("_"))
    ):
        return Risk.CHANGE
    return Risk.READ if name.startswith(("pg_", *_READ_PREFIXES)) else Risk.UNKNOWN
