"""SQL so plain that its words tell what it does: no parser is loaded for most queries of a guide."""

from __future__ import annotations

import re

from console.guides.model import Risk
from console.guides.risk.names import names
from console.guides.risk.sql_functions import function_risk

TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?P<tag>[A-Za-z_]?\w*)\$.*?\$(?P=tag)\$)"
    r"|(?P<name>\"(?:[^\"]|\"\")*\")"
    r"|(?P<meta>\\(?!;)[^\n]*)"
    r"|(?P<end>;|\\;)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<open>['\"])",
    re.DOTALL,
)
"""What SQL text is made of, as far as it decides where a statement ends."""
_ODD = re.compile(r"[$\\{}`@;]|\"\s*\(")
_WORD = re.compile(r"[A-Za-z_]\w*")
_COLUMN = re.compile(r"(?<![\w.'])([A-Za-z_]\w*)(?!\w*\s*\()")
_NO_COLUMN = names(
    "TRUE FALSE NULL AND OR NOT IS IN LIKE INTERVAL CURRENT_DATE CURRENT_TIMESTAMP NOW BETWEEN"
)
_CALL = re.compile(r"(\.?)\s*\b([A-Za-z_]\w*)\s*\(")
_WRITING = names(
    """
    INTO INSERT UPDATE DELETE MERGE DROP TRUNCATE ALTER CREATE GRANT REVOKE COPY CALL DO EXECUTE LOCK FOR
    SHARE RETURNING SET REPLACE PREPARE VACUUM REINDEX REFRESH OUTFILE DUMPFILE
    """
)
"""Words without which a query writes nothing but by a function."""
_BEFORE_BRACKET = names(
    """
    AND OR NOT IN AS FROM WHERE VALUES OVER EXISTS ANY ALL SOME FILTER ON BY SELECT THEN ELSE WHEN USING
    WITHIN GROUP UNION EXCEPT INTERSECT JOIN LATERAL HAVING LIMIT OFFSET DISTINCT CASE BETWEEN LIKE ILIKE
    ROWS RANGE COUNT SUM AVG MIN MAX COALESCE LOWER UPPER LENGTH CAST CONCAT DATE TIMESTAMP TIMESTAMPTZ
    TIME INTERVAL NUMERIC DECIMAL VARCHAR CHAR FLOAT TRIM EPOCH IS WITH RECURSIVE MATERIALIZED ORDER
    """
)
"""What stands before a bracket and reads: words of the language, and functions every database has."""


def _without_string(token: re.Match[str]) -> str:
    """A token with nothing in its quotes; what is never closed is left as a mark."""
    return "''" if token.lastgroup in ("string", "tag") else "@" if token.lastgroup == "open" else token[0]


def plain_risk(first: str, text: str) -> Risk | None:
    """The risk of a statement so plain that its words tell; None when it needs the parser, as few do.

    Loading the parser takes longer than reading a guide.
    """
    bare = TOKEN.sub(_without_string, text)
    if _ODD.search(bare):
        return None
    words = [word.upper() for word in _WORD.findall(bare)]
    risk = Risk.READ
    if first in ("DELETE", "UPDATE"):
        if "WHERE" not in words:
            return Risk.DESTRUCTIVE
        where = _COLUMN.findall(bare[bare.upper().index("WHERE") + 5 :])
        if all(name.upper() in _NO_COLUMN for name in where) or "SELECT" in words:
            return None
        risk, words = Risk.CHANGE, [word for word in words if word not in ("DELETE", "UPDATE", "SET")]
    if not _WRITING.isdisjoint(words):
        return None
    for dot, name in _CALL.findall(bare):
        if dot:
            return None
        risk = max(risk, Risk.READ if name.upper() in _BEFORE_BRACKET else function_risk(name))
    return None if risk is Risk.UNKNOWN else risk
