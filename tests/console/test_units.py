"""Numbers for people: right, and never wider than they say."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.units import bytes_, count, counted, duration, percent

FINITE = st.floats(min_value=0, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0B"), (1, "1B"), (512, "512B"), (1023, "1023B"), (1023.6, "1.0K"), (1024, "1.0K"),
     (9.1 * 2**30, "9.1G"),
     (128 * 2**20, "128M"), (99.94 * 1024, "99.9K"), (99.96 * 1024, "100K"), (1023.4 * 2**20, "1023M"),
     (1023.6 * 2**20, "1.0G"), (2**63, "8.0E"), (-2048, "-2.0K"), (0.4, "0.4B"),
     (math.nan, "-"), (math.inf, "-")],
)  # fmt: skip
def test_bytes(value: float, text: str) -> None:
    assert bytes_(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.2"), (9.94, "9.9"), (950, "950"), (999.4, "999"), (999.6, "1.0k"), (12_300, "12.3k"),
     (4_100_000, "4.1M"), (999_400, "999k"), (999_600, "1.0M"), (-1500, "-1.5k"), (math.nan, "-")],
)  # fmt: skip
def test_counts(value: float, text: str) -> None:
    assert count(value) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0, "0%"), (0.0004, "0.0%"), (0.034, "3.4%"), (0.0994, "9.9%"), (0.0996, "10%"), (0.714, "71%"),
     (1, "100%"),
     (12.5, "1250%"), (math.nan, "-")],
)  # fmt: skip
def test_percentages(ratio: float, text: str) -> None:
    assert percent(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0ms"), (0.0001, "<1ms"), (0.001, "1ms"), (0.85, "850ms"), (0.9994, "999ms"), (0.9996, "1.0s"),
     (9.94, "9.9s"),
     (9.96, "10s"), (42.4, "42s"), (59.6, "1m00s"), (192, "3m12s"), (3599.6, "1h00m"), (18_180, "5h03m"),
     (86_399.9, "1d0h"), (12 * 86_400 + 4 * 3600, "12d4h"), (-5, "-5.0s"), (math.inf, "-"), (math.nan, "-")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 2**63), st.floats(0, 9e14), st.floats(0, 9.99))
def test_widths_hold(size: float, number: float, ratio: float) -> None:
    assert len(bytes_(size)) <= 5
    assert len(count(number)) <= 5
    assert len(percent(ratio)) <= 4


@given(st.floats(0, 1e18))
def test_a_size_reads_back_within_its_rounding(size: float) -> None:
    match = re.fullmatch(r"([\d.]+)([BKMGTPE])", bytes_(size))
    assert match is not None
    back = float(match[1]) * 1024 ** "BKMGTPE".index(match[2])
    assert back == pytest.approx(size, rel=0.051, abs=0.51)


@given(st.floats(0.001, 1e9))
def test_a_duration_reads_back_within_its_rounding(seconds: float) -> None:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
    parts = re.findall(r"([\d.]+)(ms|[smhd])", duration(seconds))
    back = sum(float(number) * units[unit] for number, unit in parts)
    smallest = units[parts[-1][1]]
    assert back == pytest.approx(seconds, rel=0.051, abs=smallest)


@given(FINITE)
def test_whatever_the_number_it_is_written(value: float) -> None:
    for write in (bytes_, count, percent, duration):
        assert write(value)
        assert write(-value).startswith(("-", "0", "<"))


def test_one_is_no_plural() -> None:
    words = [counted(number, "log file") for number in (0, 1, 2)]
    assert words == ["0 log files", "1 log file", "2 log files"]
