"""A Redis snapshot as samples, named and labelled as redis_exporter does, plus our server's name.

Statuses are 1 for ok and 0 for anything else, as the exporter has them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from console.metrics import Labels, Sample, labels
from console.sources.redis.model import RedisSnapshot

NUMBERS = {
    "uptime_in_seconds": "redis_uptime_in_seconds",
    "connected_clients": "redis_connected_clients",
    "blocked_clients": "redis_blocked_clients",
    "used_memory": "redis_memory_used_bytes",
    "used_memory_rss": "redis_memory_used_rss_bytes",
    "used_memory_peak": "redis_memory_used_peak_bytes",
    "used_memory_dataset": "redis_memory_used_dataset_bytes",
    "maxmemory": "redis_memory_max_bytes",
    "total_system_memory": "redis_total_system_memory_bytes",
    "mem_fragmentation_ratio": "redis_mem_fragmentation_ratio",
    "mem_fragmentation_bytes": "redis_mem_fragmentation_bytes",
    "loading": "redis_loading_dump_file",
    "rdb_changes_since_last_save": "redis_rdb_changes_since_last_save",
    "rdb_bgsave_in_progress": "redis_rdb_bgsave_in_progress",
    "rdb_last_save_time": "redis_rdb_last_save_timestamp_seconds",
    "rdb_last_bgsave_status": "redis_rdb_last_bgsave_status",
    "rdb_last_bgsave_time_sec": "redis_rdb_last_bgsave_duration_sec",
    "aof_enabled": "redis_aof_enabled",
    "aof_last_bgrewrite_status": "redis_aof_last_bgrewrite_status",
    "aof_last_write_status": "redis_aof_last_write_status",
    "total_connections_received": "redis_connections_received_total",
    "total_commands_processed": "redis_commands_processed_total",
    "rejected_connections": "redis_rejected_connections_total",
    "total_error_replies": "redis_total_error_replies",
    "total_net_input_bytes": "redis_net_input_bytes_total",
    "total_net_output_bytes": "redis_net_output_bytes_total",
    "expired_keys": "redis_expired_keys_total",
    "evicted_keys": "redis_evicted_keys_total",
    "keyspace_hits": "redis_keyspace_hits_total",
    "keyspace_misses": "redis_keyspace_misses_total",
    "used_cpu_sys": "redis_cpu_sys_seconds_total",
    "used_cpu_user": "redis_cpu_user_seconds_total",
    "connected_slaves": "redis_connected_slaves",
    "master_repl_offset": "redis_master_repl_offset",
    "slave_repl_offset": "redis_slave_repl_offset",
    "latest_fork_usec": "redis_latest_fork_usec",
}
"""INFO's numeric fields and the exporter's names for them."""


def samples(snapshot: RedisSnapshot, server: str) -> Iterable[Sample]:
    """The numbers of one poll; `server` is the source's name."""
    own = labels(server=server)
    for field, value in snapshot.numbers.items():
        yield Sample(NUMBERS[field], value, own)
    yield Sample("redis_up", 1.0, own)
    if snapshot.clients.maximum:
        yield Sample("redis_max_clients", snapshot.clients.maximum, own)
        yield Sample("redis_config_maxclients", snapshot.clients.maximum, own)
    if snapshot.slow_length is not None:
        yield Sample("redis_slowlog_length", snapshot.slow_length, own)
    for space in snapshot.keyspace:
        of_db = labels(db=space.db, server=server)
        yield Sample("redis_db_keys", space.keys, of_db)
        yield Sample("redis_db_keys_expiring", space.expires, of_db)
        yield Sample("redis_db_avg_ttl_seconds", space.ttl, of_db)
    yield from _replication(snapshot, server)
    yield from _own(snapshot, own)


def _replication(snapshot: RedisSnapshot, server: str) -> Iterable[Sample]:
    replication = snapshot.replication
    if replication.master:
        host, _, port = replication.master.rpartition(":")
        link = labels(server=server, master_host=host.strip("[]"), master_port=port)
        yield Sample("redis_master_link_up", float(replication.link_up), link)
        yield Sample("redis_master_last_io_seconds_ago", replication.silence, link)
        yield Sample("redis_master_sync_in_progress", float(replication.syncing), link)
    for replica in replication.replicas:
        host, _, port = replica.address.rpartition(":")
        of = labels(server=server, slave_ip=host.strip("[]"), slave_port=port, slave_state=replica.state)
        if math.isfinite(replica.lag):
            yield Sample("redis_connected_slave_lag_seconds", replica.lag, of)
        yield Sample("redis_connected_slave_offset_bytes", replication.offset - replica.behind, of)


def _own(snapshot: RedisSnapshot, own: Labels) -> Iterable[Sample]:
    yield Sample("opsconsole_redis_ops", snapshot.ops, own)
    if math.isfinite(snapshot.latency):
        yield Sample("opsconsole_redis_ping_seconds", snapshot.latency, own)
    if snapshot.interval is not None:
        ratio = snapshot.interval.hit_ratio
        if ratio is not None:  # idle intervals leave a gap: they neither hit nor missed
            yield Sample("opsconsole_redis_hit_ratio", ratio, own)
