"""Raw lines of every shape, well-formed and not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.logs.forms import Cri, DockerJson, Form, JournalJson, Plain, Stamped
from console.logs.levels import CONTINUED, Level
from console.logs.origin import Kind, Origin, Origins
from console.logs.splitter import LINE_BYTES

STAMP = "2025-11-20T22:44:01.123456789Z"
SECONDS = 1763678641.123456


@pytest.fixture
def origin() -> Origin:
    return Origins(100).add("app", Kind.CONTAINER, "")


def test_plain_lines(origin: Origin) -> None:
    rows = Plain(origin).take([b"\x1b[31mERROR\x1b[0m failed", b"  at x", b"\xff\xfe odd"])
    assert [(time, code, text) for time, _, code, text in rows] == [
        (None, Level.ERROR, "ERROR failed"),
        (None, Level.ERROR | CONTINUED, "  at x"),
        (None, Level.NONE, "\ufffd\ufffd odd"),
    ]


def entry(log: str, **more: str) -> bytes:
    return json.dumps({"log": log, "stream": "stdout", "time": STAMP, **more}).encode()


def test_docker_lines(origin: Origin) -> None:
    rows = DockerJson(origin).take(
        [
            entry("ERROR a\n"),
            entry("\x1b[32mINFO\x1b[0m b\r\n"),
            entry("in "),
            entry("two "),
            entry("pieces\n"),
            entry("tagged\n", attrs="x"),
            b'{"log":"cut sho',
            b"",
        ]
    )
    assert [text for _, _, _, text in rows] == [
        "ERROR a", "INFO b", "in two pieces", "tagged", '{"log":"cut sho', "",
    ]  # fmt: skip
    assert [code for _, _, code, _ in rows[:3]] == [Level.ERROR, Level.INFO, Level.NONE]
    assert rows[0][0] == pytest.approx(SECONDS, abs=1e-6)
    assert rows[4][0] is None


def test_endless_pieces_of_a_docker_line_take_no_memory(origin: Origin) -> None:
    form = DockerJson(origin)
    for _ in range(1000):
        assert form.take([entry("x" * 16_384)]) == []
        assert len(form._begun) <= LINE_BYTES + 1
    ((_, _, _, text),) = form.take([entry("end\n")])
    assert len(text) <= LINE_BYTES + 1


def test_streamed_lines(origin: Origin) -> None:
    rows = Stamped(origin).take([f"{STAMP} WARN slow".encode(), b"no stamp", STAMP.encode() + b" "])
    assert [(code, text) for _, _, code, text in rows] == [
        (Level.WARN, "WARN slow"),
        (Level.NONE, "no stamp"),
        (Level.NONE | CONTINUED, ""),
    ]
    assert rows[0][0] == pytest.approx(SECONDS, abs=1e-6)


def test_cri_lines(origin: Origin) -> None:
    rows = Cri(origin).take(
        [
            f"{STAMP} stdout F ERROR whole".encode(),
            f"{STAMP} stdout P in ".encode(),
            f"{STAMP} stderr P two ".encode(),
            f"{STAMP} stdout F pieces".encode(),
            b"another shape",
        ]
    )
    assert [text for _, _, _, text in rows] == ["ERROR whole", "in two pieces", "another shape"]
    assert rows[1][0] == pytest.approx(SECONDS, abs=1e-6)


@given(st.lists(st.binary(max_size=200), max_size=10), st.sampled_from([Plain, DockerJson, Stamped, Cri]))
def test_no_bytes_break_a_form(lines: list[bytes], kind: type[Plain | DockerJson | Stamped | Cri]) -> None:
    form: Form = kind(Origins(100).add("app", Kind.FILE, ""))
    for time, number, _, text in form.take(lines):
        assert time is None or isinstance(time, float)
        assert number == 0
        assert isinstance(text, str)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["MESSAGE", "PRIORITY", "_COMM", "__REALTIME_TIMESTAMP"]),
            st.none() | st.text(max_size=9) | st.integers() | st.lists(st.integers(-5, 300)),
        ),
        max_size=6,
    )
)
def test_no_record_breaks_the_journal(records: list[dict[str, object]]) -> None:  # fmt: skip
    origins = Origins(100)
    journal = origins.add("journal", Kind.JOURNAL, "")
    form = JournalJson(journal, lambda unit: origins.add(unit, Kind.JOURNAL, ""))
    form.take([json.dumps(record).encode() for record in records])
