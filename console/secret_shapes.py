"""What secrets look like in text: the expressions `console.secrets` masks by."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

KEYS = ("api", "access", "secret", "private", "account", "auth", "signing", "encryption")
"""Kinds of keys that are secret."""

_NAME = (
    r"(?:pass(?:word|wd|phrase)|(?<![a-z])pass|pwd|secret|token|credentials?"
    rf"|(?:{'|'.join(KEYS)})[ _-]?key)\d*"
)
# a text cut short may have lost its closing quote: then all of the rest is the value
_QUOTED = (
    r"(?:[bnre]|u&?)?(?:'(?:[^'\\]|\\.|'')*+(?:'|\\?\Z)|\"(?:[^\"\\]|\\.|\"\")*+(?:\"|\\?\Z)"
    r"|\\\"(?:[^\"\\]|\\[^\"])*+(?:\\?\"|\\?\Z))"
)
_DOLLARS = r"\$\w*\$.*?(?:\$\w*\$|\Z)"
_BARE = r"[^\s&;,]+?(?=[)\]}\"'>\\]{0,4}(?:[\s&;,]|\Z))"
_ASIDE = r"(?:to|or|and|is|option|flag|for|in|on|with|was|must|cannot|not|if|instead)\b"
ORDINARY = frozenset(
    {
        "none", "null", "nil", "true", "false", "yes", "no", "on", "off", "ok", "empty", "missing",
        "required", "expired", "invalid", "incorrect", "wrong", "unknown", "not", "unexpected", "revoked",
        "denied", "failed", "failure", "changed", "undefined", "unset", "set", "redacted", "hidden", "is",
        "was",
    }
)  # fmt: skip
"""Values that tell about a secret and are none."""


FLAGS = {
    "redis-cli": ("-a",), "valkey-cli": ("-a",), "sshpass": ("-p",), "curl": ("-u",), "mongosh": ("-p",),
    "mysql": ("-p",), "mysqldump": ("-p",), "mysqladmin": ("-p",), "mariadb": ("-p",),
}  # fmt: skip
"""Short options that take a password, by program."""


class Shapes(NamedTuple):
    """One expression for each notation a secret comes in, and for what only looks like one."""

    url: re.Pattern[str]
    strict_url: re.Pattern[str]
    bare_url: re.Pattern[str]
    key_url: re.Pattern[str]
    go_url: re.Pattern[str]
    webhook: re.Pattern[str]
    program: re.Pattern[str]
    name: re.Pattern[str]
    pair: re.Pattern[str]
    assigned: re.Pattern[str]
    sql: re.Pattern[str]
    option: re.Pattern[str]
    spoken: re.Pattern[str]
    header: re.Pattern[str]
    pem: re.Pattern[str]
    shape: re.Pattern[str]
    placeholder: re.Pattern[str]
    column: re.Pattern[str]
    prose: re.Pattern[str]


@lru_cache(maxsize=1)
def shapes() -> Shapes:
    """All of them, compiled at first use: most starts have no secret to hide."""
    both = re.IGNORECASE | re.DOTALL
    stand_in = r"(?!(?:(?i:password)|\*+|<[^<>\s]*>)@)"
    pair = rf"({_NAME}\\?[\"']?\]?)(\s*(?:=>|:=|==?|:(?!:|//))\s*)"
    return Shapes(
        # up to the last @ of the word: a password typed without percent-encoding may hold @, : and /
        url=re.compile(rf"(://[^\s:@/?#]*):{stand_in}(?!\d{{1,5}}[/?#])\S{{0,512}}@"),
        strict_url=re.compile(rf"(://[^\s:@/?#]*):{stand_in}\S{{0,512}}@"),
        bare_url=re.compile(r"^([^\s:@/]+):(?!//)\S+@"),
        # keys in the place of a user, as error trackers have them
        key_url=re.compile(r"(://)[0-9a-f]{32,64}(?=@)"),
        go_url=re.compile(r"([^\s:@/\"']+):[^\s@]+@(?=(?:tcp|unix)\()"),
        webhook=re.compile(r"(//hooks\.[\w.-]+/\w+/)[\w/-]{8,}"),
        program=re.compile(rf"(?<![\w-])({'|'.join(FLAGS)})(?![\w-])([^|;&\n]*)"),
        name=re.compile(_NAME, both),
        pair=re.compile(rf"{pair}(?:({_QUOTED})|({_BARE}))", both),
        assigned=re.compile(rf"^((?:--?)?[\w.-]*?{_NAME})(=)(?:({_QUOTED}\Z)|(.+))\Z", both),
        sql=re.compile(
            r"((?:password|\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+password)?)\s+)"
            rf"({_QUOTED}|{_DOLLARS})",
            both,
        ),
        option=re.compile(rf"--?[\w-]*?{_NAME}", both),
        spoken=re.compile(rf"((?<![\w-])--?[\w-]*{_NAME}\s+)(?!-|{_ASIDE})({_QUOTED}|{_BARE})", both),
        header=re.compile(
            r"(authorization\\?[\"']?\s*[:=]\s*\\?[\"']?)"
            r"((?:(?:bearer|basic|token|apikey|digest|negotiate)\s+)[^\s\"',;\\]+|[^\s\"',;\\]{16,})"
            r"|(\bbearer\s+)(?=[^\s\d]*\d)([\w.~+/=-]{8,})",
            both,
        ),
        pem=re.compile(
            r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
        shape=re.compile(
            r"((?<![A-Za-z0-9])(?:(?:AKIA|ASIA)(?=[0-9A-Z]{16})|gh[pousr]_(?=[A-Za-z0-9]{16})"
            r"|github_pat_(?=\w{16})|glpat-(?=[\w-]{16})|xox[abeoprs]-(?=[\w-]{8})|[sr]k_live_(?=\w{16})"
            r"|sk-(?=[\w-]{16})(?=[A-Za-z_-]{0,40}\d)|eyJ(?=[\w-]{5,}\.[\w-]{5,}\.)))[\w.-]+"
        ),
        placeholder=re.compile(r"\W+|PASSWORD|<[^<>]*>|\$\d+|\$\{.*|\$[A-Z_][A-Z0-9_]*|%s|%\(\w+\)s?"),
        column=re.compile(r"[a-z_]+\.[a-z_]+|[:@][a-z_]+", re.IGNORECASE),
        prose=re.compile(r"\s+[a-z]++(?!\s*[:=])"),
    )
