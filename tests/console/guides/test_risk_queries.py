"""Risk of SQL, Redis and mongosh text."""

from __future__ import annotations

import pytest

from console.guides.model import Risk, StepKind
from console.guides.risk import risk_of, sql

SQL = {
    Risk.READ: (
        "select 1",
        "SELECT count(*) FROM orders WHERE state = 'new';",
        "select * from pg_stat_activity where query ilike '%delete from%' -- drop table x",
        "select pg_size_pretty(pg_database_size('shop')), now(), current_setting('work_mem')",
        "with a as (select 1) select * from a union all select 2",
        "explain select * from orders",
        "explain delete from orders",
        "explain (analyze, buffers) select * from orders",
        "show max_connections; show all",
        "begin; select 1; commit",
        "set statement_timeout = '5s'; select 1",
        "copy (select * from orders) to stdout with csv",
        "values (1)",
        "\\dt\n\\x\nselect 1;\n\\d+ orders\n\\q",
        "select $$drop table x$$, E'it\\'s; drop table x', \"drop\" from t",
        "/* drop table x; */ select 1",
        "select sum(xact_commit)::float / nullif(sum(blks_hit), 0) from pg_stat_database",
    ),
    Risk.UNKNOWN: (
        "",
        "selec 1",
        "select my_cleanup()",
        "select query_to_xml('delete from x', true, true, '')",
        "do $$ begin perform f(); end $$",
        "call nightly()",
        "select 'a",
        "\\i file.sql",
        "\\! ls",
        "select 1 \\gexec",
        "select * from t where id = $ID and",
        "/* a /* b */ select 1",
    ),
    Risk.CHANGE: (
        "insert into x values (1)",
        "update x set a = 1 where id = 2",
        "delete from x where id = 2",
        "with gone as (delete from x where id = 1 returning *) select * from gone",
        "explain analyze delete from x where id = 1",
        "explain (analyze) update x set a = 1 where id = 2",
        "select * into y from x",
        "select pg_terminate_backend(1)",
        "select pg_reload_conf()",
        "select pg_switch_wal()",
        "select setval('s', 1)",
        "select nextval('s')",
        "select lo_import('/etc/passwd')",
        "select * from dblink('dbname=x', 'delete from y') as t(a int)",
        "select pg_stat_reset()",
        "select pg_advisory_lock(1)",
        "select set_config('a', 'b', false)",
        "select 1 from x for update",
        "vacuum analyze x",
        "reindex index concurrently i",
        "analyze",
        "alter system set work_mem = '4MB'",
        "alter table x add column y int",
        "create index concurrently i on x (y)",
        "grant select on x to y",
        "refresh materialized view x",
        "copy x to '/tmp/x'",
        "copy x from program 'ls'",
        "\\copy x to 'x.csv'",
        "\\o x.txt",
        "merge into t using s on t.a = s.a when matched then update set b = 1",
        "insert into x values (1) on conflict (a) do update set b = 2",
        "set default_transaction_read_only = off",
        "comment on table x is 'y'",
        "prepare p as delete from x where a = 1",
    ),
    Risk.DESTRUCTIVE: (
        "drop table x",
        "select 1; drop table x",
        "truncate x",
        "delete from x",
        "delete from x where true",
        "update x set a = 1 where 1 = 1",
        "update x set a = 1",
        "with gone as (delete from x returning *) select * from gone",
        "explain analyze delete from x",
        "drop index concurrently i",
        "alter table x drop column y",
        "select pg_drop_replication_slot('x')",
        "do $$ begin drop table x; end $$",
        "select 1;\\;drop table x",
        "DeLeTe/**/FROM x",
        "\\copy (delete from x returning *) to stdout",
        "\\! rm -rf /x",
        "drop table " + "(" * 600,
    ),
}
REDIS = {
    Risk.READ: (
        "INFO memory",
        "get a\nTTL a\nscan 0 match user:* count 100",
        "config get maxmemory",
        "client list",
        "slowlog get 10",
        "memory usage a",
        "object encoding a",
        "5 ping",
    ),
    Risk.UNKNOWN: ("", "foo bar", "get 'a", "module.command x"),
    Risk.CHANGE: (
        "set a 1",
        "del a",
        "unlink a",
        "expire a 5",
        "config set maxmemory 1gb",
        "config resetstat",
        "client kill id 5",
        "eval \"return redis.call('get', 'a')\" 0",
        "multi\nget a\nexec",
        "bgsave",
        "script load x",
        "slowlog reset",
        "acl setuser x",
        "replicaof no one",
        "get a\nincr b",
    ),
    Risk.DESTRUCTIVE: (
        "flushall",
        "FLUSHDB async",
        "shutdown nosave",
        "cluster reset hard",
        "eval \"redis.call('flushall')\" 0",
        "debug segfault",
        "get a\nflushall",
        "swapdb 0 1",
    ),
}
MONGO = {
    Risk.READ: (
        "db.users.find({age: {$gt: 5}}).limit(5).toArray()",
        "use shop\ndb.orders.countDocuments()",
        "show dbs",
        "rs.status()",
        "db.serverStatus().connections",
        "db.adminCommand('ping')",
        "db.runCommand({collStats: 'x'})",
        "db.a.aggregate([{$match: {b: 'drop()'}}, {$group: {_id: '$c'}}]) // db.a.drop()",
        "db.currentOp()",
    ),
    Risk.UNKNOWN: (
        "",
        "x",
        "db['x']['drop']()",
        "db.x.dr\\u006fp()",
        "load('x.js')",
        "db.x.frobnicate()",
        "eval('db.x.drop()')",
        "process.exit()",
    ),
    Risk.CHANGE: (
        "db.x.insertOne({a: 1})",
        "db.x.updateMany({}, {$set: {a: 1}})",
        "db.x.deleteOne({a: 1})",
        "db.x.createIndex({a: 1})",
        "db.x.aggregate([{$out: 'y'}])",
        "db.x.aggregate([{$merge: {into: 'y'}}])",
        "rs.stepDown()",
        "db.runCommand({compact: 'x'})",
        "db.killOp(5)",
    ),
    Risk.DESTRUCTIVE: (
        "db.dropDatabase()",
        "db.x.drop()",
        "db.x.deleteMany({})",
        "db.x.remove({})",
        "db.find(); db.x . drop ()",
        "db.runCommand({dropDatabase: 1})",
        "db.adminCommand({shutdown: 1})",
        "db.x.find().forEach(d => db.y.drop())",
    ),
}
CASES = [
    (kind, text, risk)
    for kind, table in ((StepKind.SQL, SQL), (StepKind.REDIS, REDIS), (StepKind.MONGO, MONGO))
    for risk, texts in table.items()
    for text in texts
]


@pytest.mark.parametrize(("kind", "text", "risk"), CASES)
def test_risk_of_a_query(kind: StepKind, text: str, risk: Risk) -> None:
    assert risk_of(kind, text) is risk


def test_manual_steps_do_nothing_and_acts_change() -> None:
    assert risk_of(StepKind.MANUAL, "rm -rf /") is Risk.READ
    assert risk_of(StepKind.ACT, "restart web") is Risk.CHANGE


def test_the_parser_of_sql_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    risk_of(StepKind.SQL, "create or replace nonsense frobnicate as 5")
    risk_of(StepKind.SQL, "select 1 from x tablesample nonsense (5) lateral")
    assert capfd.readouterr() == ("", "")


PLAIN = [text for texts in SQL.values() for text in texts] + [
    "delete from x where not false",
    "delete from x where 1 = 1 and true",
    "delete from x where true or a = 1",
    "delete from x where now() > '2020-01-01'",
    "update x set a = (select max(b) from y where c = 1)",
    "select f(1), count(*) from x",
    "select a.nextval(1)",
    "with a as (select nextval('s')) select * from a",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_told_without_the_parser_is_what_the_parser_tells(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortly = risk_of(StepKind.SQL, text)
    risk_of.cache_clear()
    sql._judged.cache_clear()
    monkeypatch.setattr(sql, "plain_risk", lambda first, text: None)
    fully = risk_of(StepKind.SQL, text)
    risk_of.cache_clear()
    sql._judged.cache_clear()
    assert shortly is fully
