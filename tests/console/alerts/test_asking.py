"""Expressions asked of the console's own history and of a real Prometheus: the same values from both."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterator

import pytest

from console.alerts.asking import Answers, OwnAnswers
from console.alerts.engines.address import Address
from console.alerts.engines.query import EngineAnswers
from console.alerts.promql import Matrix, Scalar, String, Vector
from console.clock import SystemClock
from console.errors import ExpressionError, OpsError
from console.history import History
from console.metrics import Sample, labels
from tests.servers.ports import free_port
from tests.servers.prometheus import Prometheus


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    """One with two series of a minute, until now."""
    with Prometheus() as running:
        now = int(SystemClock().now().timestamp() * 1000)
        running.write(
            ("load", (("host", host),), [(now - ago * 1000, value + ago) for ago in range(60, -1, -5)])
            for host, value in (("a", 1.0), ("b", 100.0))
        )
        yield running


@pytest.fixture(params=["own", "engine"])
async def answers(request: pytest.FixtureRequest, server: Prometheus) -> AsyncIterator[Answers]:
    """Both, with the same series."""
    if request.param == "engine":
        found: Answers = EngineAnswers(Address(kind="prometheus", url=server.url))
    else:
        clock, history = SystemClock(), History()
        now = clock.monotonic()
        for ago in range(60, -1, -5):
            for host, value in (("a", 1.0), ("b", 100.0)):
                history.add(now - ago, [Sample("load", value + ago, labels(host=host))])
        found = OwnAnswers(history, clock)
    yield found
    found.close()


async def test_a_vector_with_its_labels(answers: Answers) -> None:
    """And the metric's name among them."""
    value = await answers.at("load")
    assert isinstance(value, Vector)
    assert dict(value.elements) == {
        (("__name__", "load"), ("host", "a")): 1.0, (("__name__", "load"), ("host", "b")): 100.0,
    }  # fmt: skip
    assert isinstance(await answers.at("nothing_like_it"), Vector)


async def test_what_is_no_vector(answers: Answers) -> None:
    """Numbers, texts, ranges, and figures that are none."""
    assert isinstance(await answers.at("1 + 1"), Scalar)
    infinite = await answers.at("1 / 0")
    assert isinstance(infinite, Scalar)
    assert math.isinf(infinite.value)
    found = await answers.at('"text"')
    assert isinstance(found, String)
    assert found.value == "text"
    matrix = await answers.at('load{host="a"}[30s]')
    assert isinstance(matrix, Matrix)
    assert len(matrix.series[0].values) in (5, 6)


async def test_the_course_until_then(answers: Answers) -> None:
    """A point a step."""
    value = await answers.at("sum(load)")
    assert isinstance(value, Vector)
    matrix = await answers.over("sum(load)", value.time, 40, 10)
    (series,) = matrix.series
    assert len(series.times) == 5
    assert series.times[-1] == pytest.approx(value.time, abs=0.01)
    assert series.values[0] > series.values[-1]


async def test_the_past(answers: Answers) -> None:
    """As it was so many seconds ago."""
    value = await answers.at('load{host="a"}', ago=30.0)
    assert isinstance(value, Vector)
    assert 25 <= value.elements[0].value <= 41


@pytest.mark.parametrize("text", ["sum(load", "load[", "rate(load)", "nofunction(load)", "load{host=}"])
async def test_what_is_no_expression(answers: Answers, text: str) -> None:
    """One sentence."""
    with pytest.raises(ExpressionError) as caught:
        await answers.at(text)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


async def test_the_names_there_are(answers: Answers) -> None:
    """For completion."""
    assert "load" in await answers.names()


async def test_nobody_there() -> None:
    """Says so, and is no defect."""
    found = EngineAnswers(Address(kind="prometheus", url=f"http://127.0.0.1:{free_port()}"))
    for question in (found.at("up"), found.names()):
        with pytest.raises(OpsError, match="connection refused"):
            await question
