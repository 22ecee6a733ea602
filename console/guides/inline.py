"""What stands inside a line of Markdown: the text without its marks, its code, its links.

By regular expressions that look at each character a bounded number of times: text between marks is
limited, so that fifty thousand backticks cost no more than fifty thousand letters.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from console.text import clean

_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^`]{1,400})\1(?!`)")
_BADGE = re.compile(r"\[!\[[^\[\]]{0,300}\]\([^()]{0,500}\)\]\([^()]{0,500}\)")
_IMAGE = re.compile(r"!\[([^\[\]]{0,300})\]\(([^()\s]{0,500})[^()]{0,100}\)")
_LINK = re.compile(r"\[([^\[\]]{1,300})\]\(([^()\s]{0,500})[^()]{0,100}\)")
_REFERENCE = re.compile(r"\[([^\[\]]{2,300})\]\[[^\[\]]{0,100}\]")
_AUTO = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,500}|[\w.+-]{1,80}@[\w.-]{1,80})>")
_TAG = re.compile(
    r"</?(?:a|b|i|em|strong|code|kbd|sub|sup|span|u|s|br|small|mark|p)(?:\s[^<>]{0,200})?/?>", re.I
)
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.{1,400}?)(?<=\S)\1")
_EMPHASIS = re.compile(
    r"(?<![\w*])\*(?=[^\s*])([^*]{1,300})(?<=[^\s*])\*(?![\w*])|(?<![\w_])_(?=[^\s_])([^_]{1,300})(?<=[^\s_])_(?!\w)"
)
_STRUCK = re.compile(r"~~(?=\S)([^~]{1,300})(?<=\S)~~")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Span:
    """Code inside a line, with where it stood."""

    text: str
    start: int
    end: int


def codes(text: str) -> list[Span]:
    """The code spans of a line, in order."""
    if "`" not in text:
        return []
    return [Span(match[2].strip(), match.start(), match.end()) for match in _CODE.finditer(text)]


def links(text: str) -> list[tuple[str, str]]:
    """The links of a line: what they say, where they lead."""
    return [(plain(match[1]), match[2]) for match in _LINK.finditer(text)] if "](" in text else []


def plain(text: str, limit: int = 400) -> str:
    """A line as it reads: marks of emphasis, code and links are gone, entities are characters."""
    text = text[: limit * 4]
    kept: list[str] = []
    position = 0
    for match in _CODE.finditer(text) if "`" in text else ():
        kept += (_unmarked(text[position : match.start()]), match[2].strip())
        position = match.end()
    kept.append(_unmarked(text[position:]))
    # a selector of how an emoji is drawn is nothing to read, and no terminal agrees with another about it
    return clean(_SPACES.sub(" ", "".join(kept).replace("\ufe0f", "")).strip(), limit)


def written(text: str, limit: int = 400) -> str:
    """A heading as `plain` reads it, but with every character that is in the file; never for a screen."""
    return _SPACES.sub(" ", _unmarked(text[:limit].replace("`", ""))).strip()


def _unmarked(text: str) -> str:
    if "[" in text:
        text = _IMAGE.sub(r"\1", _BADGE.sub("", text))
        text = _LINK.sub(r"\1", text)
        text = _REFERENCE.sub(r"\1", text)
    if "<" in text:
        text = _TAG.sub("", _AUTO.sub(r"\1", text))
    if "*" in text or "_" in text or "~~" in text:
        text = _STRONG.sub(r"\2", text)
        text = _EMPHASIS.sub(lambda match: match[1] or match[2], text)
        text = _STRONG.sub(r"\2", text)
        text = _STRUCK.sub(r"\1", text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    return html.unescape(text) if "&" in text else text


_LEAD = re.compile(r"^\s*(?:\*\*|__)(.{1,200}?)(?:\*\*|__)\s*(:?)\s*", re.DOTALL)


def lead(text: str) -> tuple[str, str]:
    """The bold beginning of a line and what follows it; an empty beginning where none is bold.

    The colon between them belongs to neither, whether it is bold or not.
    """
    match = _LEAD.match(text)
    if match is None:
        return "", text
    name = match[1].strip()
    return plain(name.rstrip(": ")), text[match.end() :].strip().lstrip("-–— ")
