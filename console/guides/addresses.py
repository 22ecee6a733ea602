"""Addresses in a guide: endpoints whose health can be watched, dashboards to look at, log files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.guides.inline import links
from console.guides.model import Link
from console.text import clean

LINE = 2_000
"""Characters of a line that are searched."""
_URL = re.compile(r"\bhttps?://[^\s<>\"'`|)\]\\,;]{3,300}", re.IGNORECASE)
_HEALTH = re.compile(
    r"/-?/?(?:health\w*|healthz?|ready|readyz|readiness|live|livez|liveness|ping|status|heartbeat|up)\b(?:[/?].*)?$|/-/(?:healthy|ready)$",
    re.IGNORECASE,
)
_DASHBOARD = re.compile(r"\bdashboards?\b|\bgrafana\b|\bkibana\b|\bdatadog\b|/d/[\w-]+", re.IGNORECASE)
_ENDPOINTS = re.compile(
    r"\bendpoints?\b|\bhealth\b|\bservice urls?\b|\bavailability\b|\burls to (?:check|watch|monitor)\b",
    re.IGNORECASE,
)
_CURL = re.compile(r"(?:^|[\s;|&(`$])(?:curl|wget|http|https)\s(?P<rest>.*)$")
_WRITES = re.compile(
    r"\s(?:-X\s?|--request[ =])(?!GET|HEAD)[A-Z]+|\s(?:-d|--data\S*|-F|--form|-T|--upload-file"
    r"|--post-\S+)[\s=@'\"]|\s(?:POST|PUT|DELETE|PATCH)\s",
)
_FETCHES = re.compile(
    r"\s(?:-O|-o|--output|--remote-name)\s(?!/dev/null|-\s)|\|\s*(?:sudo\s+)?(?:ba|z)?sh\b|\.(?:tar|gz|tgz|zip|deb|rpm|sh|ya?ml|asc|gpg|key|pub)$"
)
_FILE = re.compile(r"\.(?:tar|gz|tgz|zip|deb|rpm|sh|ya?ml|asc|gpg|key|pub|iso|exe)$", re.IGNORECASE)
_LOG = re.compile(r"(?<![\w./-])(/(?:var/log|[\w./-]*/logs?)/[\w./*{}-]+|/[\w./-]+\.log(?:\.\d+)?)\b")
_WEBHOOK = re.compile(
    r"webhook|hooks\.slack|pagerduty\.com/v2/enqueue|/github\.com/|//github\.com", re.IGNORECASE
)


def command_links(command: str, line: int, title: str) -> Iterator[Link]:
    """The endpoints a command asks and the logs it reads; `line` is the command's first."""
    offset, joined = 0, ""
    for number, text in enumerate(command.split("\n")):
        joined = joined or ""
        offset = number if not joined else offset
        joined += text.rstrip("\\") + " "
        if text.rstrip().endswith("\\"):
            continue
        yield from _of_line(joined.strip()[:4000], line + offset, title)
        joined = ""
    if joined:
        yield from _of_line(joined.strip()[:4000], line + offset, title)


def _of_line(text: str, line: int, title: str) -> Iterator[Link]:
    asks = _CURL.search(text)
    harmless = (
        asks is not None and not _WRITES.search(f" {asks['rest']}") and not _FETCHES.search(asks["rest"])
    )
    for match in _URL.finditer(text):
        url = match.group().rstrip(".:")
        if harmless and not _WEBHOOK.search(url) and not _FILE.search(url):
            yield Link(kind="endpoint", url=clean(url, 400), line=line, title=title)
    if asks is None:
        for match in _LOG.finditer(text):
            yield Link(kind="log", url=clean(match[1], 400), line=line, title=title)


def text_links(text: str, line: int, titles: tuple[str, ...]) -> Iterator[Link]:
    """The addresses of running text: what they are by their words, by the title above, by their path."""
    near = titles[-1] if titles else ""
    text = text[:LINE]
    named = {url: said for said, url in links(text)}
    first = _URL.search(text)
    lead = text[: first.start()].split("`")[0].strip("*_-–— :(|")[:80] if first else ""
    for match in _URL.finditer(text):
        url = match.group().rstrip(".:*_")
        said = named.get(url, "") or lead
        shows = _DASHBOARD.search(text) and not _HEALTH.search(url)
        if not shows and (_HEALTH.search(url) or _ENDPOINTS.search(near)):
            yield Link(kind="endpoint", url=clean(url, 400), line=line, title=clean(said))
        elif shows or _DASHBOARD.search(near):
            yield Link(kind="dashboard", url=clean(url, 400), line=line, title=clean(said))
    for match in _LOG.finditer(text):
        yield Link(kind="log", url=clean(match[1], 400), line=line, title=clean(near))
