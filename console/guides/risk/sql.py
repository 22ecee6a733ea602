"""What SQL does, statement by statement: the kind of each, and the functions it calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from console.guides.model import Risk
from console.guides.risk.names import names
from console.guides.risk.options import has, value_of
from console.guides.risk.sql_functions import function_risk
from console.guides.risk.sql_plain import TOKEN, plain_risk
from console.guides.shell import Word

if TYPE_CHECKING:
    from sqlglot import exp

LIMIT = 30_000
"""Characters of a statement that are parsed; a longer one is unknown."""

_FIRST: dict[str, Risk] = {
    **dict.fromkeys(
        names(
            """
            SHOW BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE FETCH MOVE CLOSE LISTEN UNLISTEN
            DESCRIBE DESC DEALLOCATE USE
            """
        ),
        Risk.READ,
    ),
    **dict.fromkeys(
        names(
            """
            VACUUM REINDEX CLUSTER CHECKPOINT REFRESH COMMENT SECURITY LOCK NOTIFY GRANT REVOKE ANALYZE
            ANALYSE LOAD RESET DISCARD REASSIGN IMPORT CREATE INSERT REPLACE MERGE OPTIMIZE FLUSH KILL RENAME
            """
        ),
        Risk.CHANGE,
    ),
    **dict.fromkeys(("DROP", "TRUNCATE", "PURGE", "SHUTDOWN"), Risk.DESTRUCTIVE),
    **dict.fromkeys(("CALL", "EXECUTE", "DO"), Risk.UNKNOWN),
}
"""Statements whose first word says it; the others are looked into."""
_HARMLESS_SETTINGS = re.compile(
    r"(?:SESSION\s+|LOCAL\s+)?(?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout|timezone|"
    r"work_mem|client_min_messages|application_name|datestyle|intervalstyle|enable_\w+|client_encoding|"
    r"max_parallel_workers_per_gather|track_io_timing|plan_cache_mode|jit)\b|TIME\s+ZONE\b|TRANSACTION\b",
    re.IGNORECASE,
)
_DESTROYS = re.compile(r"\b(?:drop|truncate|delete)\b", re.IGNORECASE)
_META_READ = re.compile(
    r"\\(?:d\w*\+?|l\+?|x|timing|conninfo|pset|echo|qecho|q|c|connect|a|t|f|H|h|\?|encoding|errverbose|set|unset|"
    r"watch|gx|g|crosstabview|gdesc|sf\+?|sv\+?|z|p|r|warn|if|elif|else|endif|prompt)(?:\s+(?![|`]).*)?;?$"
)


def risk_of_sql(text: str) -> Risk:
    """The highest risk among the statements of a text for PostgreSQL, psql's own commands included."""
    return _judged(text[: LIMIT * 4])


@lru_cache(maxsize=512)
def _judged(text: str) -> Risk:
    if len(text) >= LIMIT * 4:
        return Risk.DESTRUCTIVE if _DESTROYS.search(text) else Risk.UNKNOWN
    found = list(_statements(text))
    return max((_statement(words, whole) for words, whole in found), default=Risk.UNKNOWN)


def _statements(text: str) -> list[tuple[list[str], str]]:
    """Each statement: its first words outside quotes, and its text without comments."""
    found: list[tuple[list[str], str]] = []
    words: list[str] = []
    parts: list[str] = []
    at = 0

    def finish() -> None:
        whole = "".join(parts).strip()
        if whole:
            found.append((words.copy(), whole))
        words.clear()
        parts.clear()

    for token in TOKEN.finditer(text):
        parts.append(text[at : token.start()])
        at = token.end()
        kind = token.lastgroup
        if kind == "comment":
            # a comment in a comment ends later for PostgreSQL than for others: not understood
            parts.append(" " if "/*" not in token[0][2:] else " ' ")
        elif kind == "end":
            finish()
        elif kind == "meta":
            if _acts_on_buffer(token[0]):
                finish()
            found.append((["\\"], token[0].strip()))
        else:
            if kind == "word" and len(words) < 12:
                words.append(token[0].upper())
            parts.append(token[0])
    parts.append(text[at:])
    finish()
    return found


def _acts_on_buffer(meta: str) -> bool:
    return re.match(r"\\(?:g|watch|crosstab)", meta) is not None


def _statement(words: list[str], text: str) -> Risk:
    if words[:1] == ["\\"]:
        return _meta(text)
    first = words[0] if words else ""
    if first == "EXPLAIN":
        return _explain(words, text)
    if first == "SET":
        return Risk.READ if _HARMLESS_SETTINGS.match(text[3:].lstrip()) else Risk.CHANGE
    if first in ("BEGIN", "START") and "ATOMIC" in words:
        return Risk.UNKNOWN
    if first in ("DO", "CALL", "EXECUTE") and _DESTROYS.search(text):
        return Risk.DESTRUCTIVE
    if first == "PREPARE" and " as " in text.lower():
        return risk_of_sql(text[text.lower().index(" as ") + 4 :])
    if first == "DECLARE" and " for " in text.lower():
        return risk_of_sql(text[text.lower().index(" for ") + 5 :])
    if first == "ALTER":
        return (
            Risk.DESTRUCTIVE if re.search(r"\bdrop\s+(?!default|not|constraint)", text, re.I) else Risk.CHANGE
        )
    if first in _FIRST and first not in ("CREATE", "INSERT", "MERGE", "REPLACE"):
        return _FIRST[first]
    if first in ("SELECT", "WITH", "VALUES", "TABLE", "DELETE", "UPDATE"):
        plain = plain_risk(first, text)
        if plain is not None:
            return plain
    return max(_FIRST.get(first, Risk.READ), _tree(first, text))


def _meta(text: str) -> Risk:
    low = text.lower()
    if low.startswith("\\copy"):
        return _copies(text[5:], "from")
    if low.startswith("\\!"):
        from console.guides.model import StepKind
        from console.guides.risk import risk_of

        return max(Risk.UNKNOWN, risk_of(StepKind.SHELL, text[2:]))
    if re.match(r"\\(?:o|out|w|write|s|e|edit|ef|ev|password|lo_\w+|cd|setenv)\b", low):
        return Risk.CHANGE
    if "`" in text or re.match(r"\\(?:g|gx)\s+\S", text) or "gexec" in low or "gset" in low:
        return Risk.UNKNOWN
    return Risk.READ if _META_READ.match(text.strip()) else Risk.UNKNOWN


def _copies(text: str, _source: str) -> Risk:
    """`\\copy ... to` writes a file here, `\\copy ... from` rows there."""
    inner = re.search(r"\((.*)\)", text, re.DOTALL)
    risk = risk_of_sql(inner[1]) if inner else Risk.READ
    to_screen = re.search(r"\bto\s+(?:stdout|pstdout)\b", text, re.IGNORECASE)
    return max(risk, Risk.READ if to_screen else Risk.UNKNOWN if "program" in text.lower() else Risk.CHANGE)


def _explain(words: list[str], text: str) -> Risk:
    rest = re.sub(r"^\s*explain\s*", "", text, flags=re.IGNORECASE)
    runs = False
    if rest.startswith("("):
        options, _, rest = rest[1:].partition(")")
        runs = "analy" in options.lower()
    while match := re.match(r"(analy[sz]e|verbose)\b\s*", rest, re.IGNORECASE):
        runs = runs or match[1][0] in "aA"
        rest = rest[match.end() :]
    inner = risk_of_sql(rest)
    return inner if runs or inner is Risk.UNKNOWN else Risk.READ


def _tree(first: str, text: str) -> Risk:
    """By sqlglot; what it does not understand is unknown, or destructive when it speaks of it."""
    failed = Risk.DESTRUCTIVE if _DESTROYS.search(text) and first not in ("SELECT", "TABLE") else Risk.UNKNOWN
    if len(text) > LIMIT or text.count("(") > 500:
        return failed
    import logging

    logging.getLogger("sqlglot").setLevel(
        logging.CRITICAL
    )  # it warns on stderr, which the screen is drawn on
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        trees = sqlglot.parse(text, dialect="postgres")
        return max((_expression(tree) for tree in trees if tree is not None), default=Risk.UNKNOWN)
    except (
        SqlglotError,
        RecursionError,
        ValueError,
        IndexError,
        TypeError,
        AttributeError,
        KeyError,
    ):
        return failed


def _expression(tree: exp.Expr) -> Risk:
    from sqlglot import exp

    risk = Risk.READ
    if isinstance(tree, exp.Copy):
        risk = _copied(tree)
    elif not isinstance(
        tree, (exp.Query, exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Values, exp.Merge)
    ):
        risk = Risk.UNKNOWN
    for node in tree.walk():
        risk = max(risk, _node(node))
        if risk is Risk.DESTRUCTIVE:
            break
    return risk


def _copied(tree: exp.Expr) -> Risk:
    files = tree.args.get("files") or []
    prints = not tree.args.get("kind") and all(file.name.upper() in ("STDOUT", "") for file in files)
    return Risk.READ if prints else Risk.CHANGE


def _node(node: exp.Expr) -> Risk:
    from sqlglot import exp

    if isinstance(node, (exp.Delete, exp.Update)):
        if isinstance(node.parent, (exp.When, exp.OnConflict)):
            return Risk.CHANGE  # of the rows that match
        where = node.args.get("where")
        return Risk.CHANGE if where is not None and not _always(where.this) else Risk.DESTRUCTIVE
    if isinstance(node, (exp.Drop, exp.TruncateTable)):
        return Risk.DESTRUCTIVE
    if isinstance(node, (exp.Insert, exp.Merge, exp.Create, exp.Into, exp.Lock, exp.Alter, exp.Grant)):
        return Risk.CHANGE
    if isinstance(node, exp.Command):
        return Risk.UNKNOWN
    if isinstance(node, exp.Anonymous):
        return function_risk(node.name)
    return Risk.READ


def _always(condition: exp.Expr) -> bool:
    """Whether a condition holds for every row, as `true` and `1 = 1` do."""
    from sqlglot import exp

    return not any(True for _ in condition.find_all(exp.Column))


def risk_of_client(words: Sequence[Word], fed: str | None) -> Risk:
    """The risk of `psql` with these arguments; `fed` is what comes to its input."""
    values = [word.value for word in words]
    if has(values, "-l", "--list", "-V", "--version") and not has(values, "-c", "-f"):
        return Risk.READ
    if has(values, "-o", "--output", "-L", "--log-file"):
        return Risk.CHANGE
    files = value_of(values, "-f", "--file", *_clusters(values, "f"))
    if any(name != "-" for name in files):
        return Risk.UNKNOWN
    texts = value_of(values, "-c", "--command", *_clusters(values, "c"))
    if texts:
        risk = max(Risk.UNKNOWN if text is None else risk_of_sql(text) for text in texts)
        names = has(values, "-v", "--set", "--variable")
        return max(risk, Risk.UNKNOWN) if names and any(":" in (text or "") for text in texts) else risk
    return risk_of_sql(fed) if fed is not None else Risk.UNKNOWN


def _clusters(values: Sequence[str | None], letter: str) -> set[str]:
    """The options among which this one stands last: `-Atqc`."""
    return {value for value in values if value and re.fullmatch(rf"-[1aAbeEHnNqsStwWxX]+{letter}", value)}
