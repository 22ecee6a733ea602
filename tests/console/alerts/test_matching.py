"""Matchers as Alertmanager has them, and the ends of silences."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.identity import identity, named, written
from console.alerts.matching import LONGEST, matchers_text, matches, parse_matchers, parse_until
from console.errors import UsageError
from console.metrics import labels

NOW = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)


@pytest.fixture
def vienna(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host in a zone whose clocks are changed in the night after NOW."""
    monkeypatch.setenv("TZ", "Europe/Vienna")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "pairs", "whether"),
    [
        ('alertname="X"', {"alertname": "X"}, True),
        ('alertname="X"', {"alertname": "Xy"}, False),
        ('alertname=X, instance!="a"', {"alertname": "X", "instance": "b"}, True),
        ('alertname="X", instance!="a"', {"alertname": "X"}, True),  # what is not there is empty
        ('instance=~"db-.*"', {"instance": "db-1"}, True),
        ('instance=~"db"', {"instance": "db-1"}, False),  # the whole value has to match
        ('instance=~"a|b"', {"instance": "b"}, True),
        ('alertname="X",instance!~"db-.*"', {"alertname": "X", "instance": "db-1"}, False),
        ('alertname="X",instance!~"db-.*"', {"alertname": "X", "instance": "web"}, True),
        (r'path="C:\\x \"y\""', {"path": 'C:\\x "y"'}, True),
        ('{alertname="X",}', {"alertname": "X"}, True),
    ],
)
def test_matchers_mean_what_they_mean_to_alertmanager(
    text: str, pairs: dict[str, str], whether: bool
) -> None:
    """Anchored, an absent label is the empty string, all have to match."""
    found = parse_matchers(text)
    assert matches(found, pairs) is whether
    assert parse_matchers(matchers_text(found)) == found  # as written they are read again


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "alertname", 'alertname="X', '="X"', 'a=~"("', 'a=~"(a|b*)*"', r'a=~"(x)\1"',
        'a=~"' + "x" * 1001 + '"', 'a!="b"', 'a=~".*"', 'a=""', 'a=~"\ud800.*"',
        ",".join(f'a{n}="x"' for n in range(21)),
    ],
)  # fmt: skip
def test_what_is_no_silence_is_refused_with_the_way_to_write_it(text: str) -> None:
    """Also what would silence everything."""
    with pytest.raises(UsageError) as refusal:
        parse_matchers(text)
    assert refusal.value.fix


def test_an_evil_expression_of_the_journal_silences_nothing_at_once() -> None:
    """Another console may have written it."""
    began = time.monotonic()
    assert not matches((("a", "=~", "(x+x+)+y"),), {"a": "x" * 100})
    assert not matches((("a", "!~", "("),), {"a": "x"})
    assert not matches((("a", "=~", "x.*"),), {"a": "\ud800"})
    assert time.monotonic() - began < 5  # by backtracking it would take longer than the sun shines


names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)


@given(
    st.dictionaries(
        names, st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn"))), max_size=6
    )
)
def test_matchers_of_one_alert_match_it_however_its_labels_read(pairs: dict[str, str]) -> None:
    """Written, read and held beside it."""
    own = named("Disk Full", labels(**pairs))
    matchers = tuple((name, "=", value) for name, value in sorted(own.items()))
    assert matches(matchers, own)
    text = matchers_text(matchers)
    if "…" not in text and len(text) < 1900 and re.fullmatch(r"[ -~]*", text):
        assert parse_matchers(text) == matchers


def test_an_alert_is_the_same_in_every_console() -> None:
    """By name and labels, in whatever order, with the name among the labels or not."""
    one = identity("X", (("a", "1"), ("b", "2")))
    assert one == identity("X", (("alertname", "X"), ("b", "2"), ("a", "1")))
    assert one.startswith("alert-")
    assert len({one, identity("X", (("a", "1"),)), identity("Y", (("a", "1"), ("b", "2")))}) == 3
    assert written("X", {"b": 'say "no"', "a": "1", "alertname": "X"}) == 'X{a="1",b="say \\"no\\""}'


@pytest.mark.usefixtures("vienna")
@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("30m", "2026-03-28T23:00+00:00"),
        ("2h", "2026-03-29T00:30+00:00"),
        (" 1d12h ", "2026-03-30T10:30+00:00"),
        ("90 min", "2026-03-29T00:00+00:00"),
        ("until tomorrow 09:00", "2026-03-29T07:00+00:00"),  # summer time began in the night
        ("tomorrow at 9:00", "2026-03-29T07:00+00:00"),
        ("until 23:45", "2026-03-28T22:45+00:00"),
        ("08:00", "2026-03-29T06:00+00:00"),  # it has passed today
    ],
)
def test_an_end_is_a_span_or_a_time_of_day_here(text: str, end: str) -> None:
    """By this host's clock."""
    assert parse_until(text, NOW) == datetime.fromisoformat(end)


@pytest.mark.usefixtures("vienna")
@pytest.mark.parametrize(
    "text", ["", "soon", "0m", "31d", "25:00", "12:60", "-2h", "999d", "today 09:00", "2", "２h"]
)
def test_an_end_that_cannot_be_is_refused(text: str) -> None:
    """With what can be written."""
    with pytest.raises(UsageError):
        parse_until(text, NOW)


@given(st.text(max_size=30))
def test_no_text_makes_a_silence_without_an_end(text: str) -> None:
    """Whatever is typed."""
    try:
        end = parse_until(text, NOW)
    except UsageError:
        return
    assert timedelta(0) < end - NOW <= LONGEST
